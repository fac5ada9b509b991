//! Search for a system library before anything depends on it.

/// Returns whether the loader finds a library of this name.
#[allow(unsafe_code)]
pub fn is_there(name: &str) -> bool {
    // SAFETY: loading runs the initialisation of the library, here that of the graphics driver,
    // which any program may load. Nothing of it is called, and it is released at once.
    unsafe { libloading::Library::new(name) }.is_ok()
}
