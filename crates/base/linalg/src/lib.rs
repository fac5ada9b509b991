//! Dense linear algebra and order statistics, sequential, on ndarray.
