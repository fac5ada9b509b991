//! Tables as codes and as design matrices.
