//! Synthetic tables from sensitive ones: the whole pipeline behind one dependency.
