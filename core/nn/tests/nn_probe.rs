//! Probe.
#[test] fn probe() {}
