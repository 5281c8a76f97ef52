//! No code: a list of every third-party crate of the workspace, with every feature that any member asks of it.
//!
//! Cargo compiles a dependency once per set of features, and `cargo test -p medley-nn` alone asks for fewer features than the
//! whole workspace does: burn would be compiled a second time. `cargo test -p medley-nn -p medley-deps` asks for the same
//! ones, so that testing one room reuses what building the house compiled.
