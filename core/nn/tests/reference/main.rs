//! What PyTorch computes and what is computed here, side by side.
//!
//! - `golden`: two small networks whose results lie in `tests/golden`; needs nothing else
//! - `outputs`, `steps`: the reference's own networks; `MEDLEY_SHARED` names the folder that holds `parity/`. Run with `--ignored`;
//!   with `--nocapture` they print their tables in Markdown
//! - `backends`: what no stored file covers, on one backend against the other
//! - `measure`: what counts as equal; `stored`: arrays in files; `training`: gradients and PyTorch's SGD

#![expect(clippy::expect_used, reason = "a test that cannot read its files has failed")]
#![expect(clippy::print_stdout, reason = "tables are what these tests are also run for")]

mod backends;
mod golden;
mod measure;
mod outputs;
mod steps;
mod stored;
mod training;
