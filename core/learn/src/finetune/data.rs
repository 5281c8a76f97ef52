//! How cases come to a training.

use crate::CaseCache;

/// What a training may use to be fed; changes nothing but how long it takes.
#[derive(Debug, Clone, Default)]
pub struct DataOptions {
    /// Threads that make the patches of coming steps ready; `None`: one on a processor, all but one beside a GPU; 0: none but the
    /// training's own.
    pub threads: Option<usize>,
    /// Where prepared cases are kept between trainings, and taken from; segmentation only.
    pub cache: Option<CaseCache>,
}
