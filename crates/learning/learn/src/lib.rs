//! Statistical learning on matrices: regression, classification, clustering, projection.
