//! Schema inference, reversible cleaning and imputation.
