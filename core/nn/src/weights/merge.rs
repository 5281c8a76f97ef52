use super::{WeightsError, WeightsFile};

/// What the names of heads begin with.
const HEADS: [&str; 2] = ["conv_seg.", "decoder."];

impl WeightsFile {
    /// The same file with the head of another in place of its own: released encoders come without any, and a head may have been
    /// stored apart.
    ///
    /// # Errors
    /// [`WeightsError::NoNetwork`] if the other holds no head that is known here.
    pub fn with_head_of(mut self, other: Self) -> Result<Self, WeightsError> {
        let start = |name: &str| HEADS.iter().find_map(|head| name.find(head).filter(|at| *at == 0 || name[..*at].ends_with('.')));
        let Self { name, contents, .. } = other;
        let mut head = contents.tensors.into_iter().filter_map(|(name, tensor)| Some((name.get(start(&name)?..)?.to_owned(), tensor)));
        let Some(first) = head.next() else {
            let reason = "no tensor in it is called conv_seg or decoder, as those of heads are".to_owned();
            return Err(WeightsError::NoNetwork { file: name, reason });
        };
        self.contents.tensors.retain(|name, _| start(name).is_none());
        self.contents.tensors.extend(std::iter::once(first).chain(head));
        Ok(self)
    }
}
