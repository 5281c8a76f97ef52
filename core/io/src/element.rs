use medley_volume::Voxels;

/// The scalar types a voxel may be stored in, by NIfTI's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ElementType {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F32,
    F64,
}

impl ElementType {
    /// Bytes per element.
    pub fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// The type of voxels in memory.
    pub fn of(voxels: &Voxels) -> Self {
        match voxels {
            Voxels::U8(_) => Self::U8,
            Voxels::I8(_) => Self::I8,
            Voxels::U16(_) => Self::U16,
            Voxels::I16(_) => Self::I16,
            Voxels::U32(_) => Self::U32,
            Voxels::I32(_) => Self::I32,
            Voxels::U64(_) => Self::U64,
            Voxels::I64(_) => Self::I64,
            Voxels::F32(_) => Self::F32,
            Voxels::F64(_) => Self::F64,
        }
    }
}

/// Runs `$body` with `$type` standing for the Rust type of an [`ElementType`].
macro_rules! with_element {
    ($element:expr, $type:ident => $body:expr) => {
        match $element {
            $crate::element::ElementType::U8 => {
                type $type = u8;
                $body
            }
            $crate::element::ElementType::I8 => {
                type $type = i8;
                $body
            }
            $crate::element::ElementType::U16 => {
                type $type = u16;
                $body
            }
            $crate::element::ElementType::I16 => {
                type $type = i16;
                $body
            }
            $crate::element::ElementType::U32 => {
                type $type = u32;
                $body
            }
            $crate::element::ElementType::I32 => {
                type $type = i32;
                $body
            }
            $crate::element::ElementType::U64 => {
                type $type = u64;
                $body
            }
            $crate::element::ElementType::I64 => {
                type $type = i64;
                $body
            }
            $crate::element::ElementType::F32 => {
                type $type = f32;
                $body
            }
            $crate::element::ElementType::F64 => {
                type $type = f64;
                $body
            }
        }
    };
}
pub(crate) use with_element;

/// A scalar that can be read from bytes of either order and put into [`Voxels`].
pub(crate) trait Element: bytemuck::Pod + Send {
    /// Its bytes the other way round.
    fn swapped(self) -> Self;
    /// One from its decimal digits.
    fn from_text(text: &str) -> Option<Self>;
    /// Many of them as voxels.
    fn into_voxels(values: Vec<Self>) -> Voxels;
}

macro_rules! integer {
    ($($type:ty => $variant:ident),+) => {$(
        impl Element for $type {
            fn swapped(self) -> Self {
                self.swap_bytes()
            }
            fn from_text(text: &str) -> Option<Self> {
                text.parse().ok()
            }
            fn into_voxels(values: Vec<Self>) -> Voxels {
                Voxels::$variant(values)
            }
        }
    )+};
}

integer!(u8 => U8, i8 => I8, u16 => U16, i16 => I16, u32 => U32, i32 => I32, u64 => U64, i64 => I64);

impl Element for f32 {
    fn swapped(self) -> Self {
        Self::from_bits(self.to_bits().swap_bytes())
    }
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
    fn into_voxels(values: Vec<Self>) -> Voxels {
        Voxels::F32(values)
    }
}

impl Element for f64 {
    fn swapped(self) -> Self {
        Self::from_bits(self.to_bits().swap_bytes())
    }
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
    fn into_voxels(values: Vec<Self>) -> Voxels {
        Voxels::F64(values)
    }
}
