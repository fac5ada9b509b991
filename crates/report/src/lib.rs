//! A page people can read: HTML with inline SVG, and JSON.
