//! The command line as a process: answers, exit codes, files.

mod demo;
mod evaluate;
mod hostile;
mod images;
mod support;
mod training;
mod weights;
