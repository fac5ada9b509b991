//! Tables for people: schema, columns, CSV, cleaning and restoring.
