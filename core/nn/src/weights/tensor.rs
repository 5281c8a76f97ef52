use half::{bf16, f16};

/// How a file stores numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberType {
    F64,
    F32,
    F16,
    Bf16,
    /// Anything that is no floating-point type, by name.
    Other(&'static str),
}

/// A tensor as it lies in a file.
#[derive(Clone)]
pub(super) struct StoredTensor {
    pub number_type: NumberType,
    pub shape: Vec<usize>,
    /// Little endian, rows last; as long as type and shape say.
    pub bytes: Vec<u8>,
}

impl StoredTensor {
    /// The numbers, if they can be weights: floating point and finite.
    ///
    /// # Errors
    /// In words that follow the tensor's name.
    pub fn weights(&self) -> Result<Vec<f32>, String> {
        let values: Vec<f32> = match self.number_type {
            NumberType::F64 => self.numbers(|bytes| f64::from_le_bytes(bytes) as f32),
            NumberType::F32 => self.numbers(f32::from_le_bytes),
            NumberType::F16 => self.numbers(|bytes| f16::from_le_bytes(bytes).to_f32()),
            NumberType::Bf16 => self.numbers(|bytes| bf16::from_le_bytes(bytes).to_f32()),
            NumberType::Other(name) => return Err(format!("holds numbers of type {name}, where weights are floating-point numbers")),
        };
        let wanted: usize = self.shape.iter().product();
        if values.len() != wanted {
            return Err(format!("holds {} numbers, where its shape {:?} needs {wanted}", values.len(), self.shape));
        }
        match values.iter().filter(|value| !value.is_finite()).count() {
            0 => Ok(values),
            count => Err(format!("holds {count} values that are not finite numbers")),
        }
    }

    fn numbers<const N: usize>(&self, number: impl Fn([u8; N]) -> f32) -> Vec<f32> {
        self.bytes.as_chunks::<N>().0.iter().map(|bytes| number(*bytes)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_floating_type_gives_the_same_numbers() {
        let values = [1.5f32, -0.25, 1024.0];
        let stored = |number_type, bytes: Vec<u8>| StoredTensor { number_type, shape: vec![3], bytes }.weights();
        assert_eq!(stored(NumberType::F32, values.iter().flat_map(|v| v.to_le_bytes()).collect()), Ok(values.to_vec()));
        assert_eq!(stored(NumberType::F64, values.iter().flat_map(|v| f64::from(*v).to_le_bytes()).collect()), Ok(values.to_vec()));
        assert_eq!(stored(NumberType::F16, values.iter().flat_map(|v| f16::from_f32(*v).to_le_bytes()).collect()), Ok(values.to_vec()));
        assert_eq!(stored(NumberType::Bf16, values.iter().flat_map(|v| bf16::from_f32(*v).to_le_bytes()).collect()), Ok(values.to_vec()));
    }

    #[test]
    fn numbers_that_cannot_be_weights_are_refused() {
        let stored = |number_type, bytes: Vec<u8>| StoredTensor { number_type, shape: vec![1], bytes }.weights();
        assert!(stored(NumberType::F32, f32::NAN.to_le_bytes().to_vec()).is_err());
        assert!(stored(NumberType::F64, 1e300f64.to_le_bytes().to_vec()).is_err());
        assert!(stored(NumberType::Other("i64"), vec![0; 8]).is_err());
        assert!(stored(NumberType::F32, vec![0; 8]).is_err());
    }
}
