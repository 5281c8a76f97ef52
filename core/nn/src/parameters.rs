//! Names, shapes and values of a module's parameters, by PyTorch's names.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{Tensor, TensorData};

/// A parameter or a running statistic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterInfo {
    /// Its name: `layer1.0.conv1.weight`.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
}

impl ParameterInfo {
    /// Whether it is learnt, and not a running statistic.
    #[must_use]
    pub fn is_learnt(&self) -> bool {
        !self.name.ends_with(".running_mean") && !self.name.ends_with(".running_var")
    }
}

/// All parameters and running statistics of a module, in the reference's order.
pub fn parameters(module: &impl Module) -> Vec<ParameterInfo> {
    struct Names {
        path: Path,
        found: Vec<ParameterInfo>,
    }
    impl ModuleVisitor for Names {
        fn enter_module(&mut self, name: &str, container_type: &str) {
            self.path.enter(name, container_type);
        }
        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.path.exit();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.found.push(ParameterInfo { name: self.path.name(), shape: param.lazy_shape().to_vec() });
        }
    }
    let mut names = Names { path: Path::default(), found: Vec::new() };
    module.visit(&mut names);
    names.found
}

/// Gives every parameter and running statistic a new value, where `value` has one; the values must fill the shape.
pub fn filled<M: Module>(module: M, value: impl FnMut(&ParameterInfo) -> Option<Vec<f32>>) -> M {
    struct Fill<F> {
        path: Path,
        value: F,
    }
    impl<F: FnMut(&ParameterInfo) -> Option<Vec<f32>>> ModuleMapper for Fill<F> {
        fn enter_module(&mut self, name: &str, container_type: &str) {
            self.path.enter(name, container_type);
        }
        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.path.exit();
        }
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let info = ParameterInfo { name: self.path.name(), shape: param.lazy_shape().to_vec() };
            let Some(values) = (self.value)(&info) else { return param };
            let tensor = Tensor::from_data(TensorData::new(values, info.shape), &param.lazy_device());
            let id = param.id;
            param.transform_for_load(tensor, id)
        }
    }
    module.map(&mut Fill { path: Path::default(), value })
}

/// Every parameter and running statistic with its values, copied from the device.
///
/// # Errors
/// What the device says if it cannot deliver one; with its name.
pub fn values(module: &impl Module) -> Result<Vec<(ParameterInfo, Vec<f32>)>, String> {
    struct Values {
        path: Path,
        found: Vec<(ParameterInfo, Vec<f32>)>,
        failure: Option<String>,
    }
    impl ModuleVisitor for Values {
        fn enter_module(&mut self, name: &str, container_type: &str) {
            self.path.enter(name, container_type);
        }
        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.path.exit();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let info = ParameterInfo { name: self.path.name(), shape: param.lazy_shape().to_vec() };
            let data = param.val().try_into_data().map_err(|error| error.to_string());
            match data.and_then(|data| data.try_to_vec::<f32>().map_err(|error| format!("{error:?}"))) {
                Ok(values) => self.found.push((info, values)),
                Err(reason) => self.failure = Some(format!("{}: {reason}", info.name)),
            }
        }
    }
    let mut values = Values { path: Path::default(), found: Vec::new(), failure: None };
    // `valid` first: it brings the running statistics up to date.
    module.valid().visit(&mut values);
    match values.failure {
        Some(reason) => Err(reason),
        None => Ok(values.found),
    }
}

/// Every parameter and running statistic by name, with the number by which an optimiser knows it in this process.
pub fn ids(module: &impl Module) -> Vec<(String, ParamId)> {
    struct Ids {
        path: Path,
        found: Vec<(String, ParamId)>,
    }
    impl ModuleVisitor for Ids {
        fn enter_module(&mut self, name: &str, container_type: &str) {
            self.path.enter(name, container_type);
        }
        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.path.exit();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.found.push((self.path.name(), param.id));
        }
    }
    let mut ids = Ids { path: Path::default(), found: Vec::new() };
    module.visit(&mut ids);
    ids.found
}

/// Gives parameters the numbers that `id` has for their names, so that an optimiser of another process knows them again.
pub fn with_ids<M: Module>(module: M, id: impl FnMut(&str) -> Option<ParamId>) -> M {
    struct Rename<F> {
        path: Path,
        id: F,
    }
    impl<F: FnMut(&str) -> Option<ParamId>> ModuleMapper for Rename<F> {
        fn enter_module(&mut self, name: &str, container_type: &str) {
            self.path.enter(name, container_type);
        }
        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.path.exit();
        }
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let Some(id) = (self.id)(&self.path.name()) else { return param };
            let (_, tensor, mapper) = param.consume();
            Param::from_mapped_value(id, tensor, mapper)
        }
    }
    module.map(&mut Rename { path: Path::default(), id })
}

/// Where in the module tree a walk is.
#[derive(Default)]
struct Path(Vec<Option<String>>);

impl Path {
    fn enter(&mut self, name: &str, container_type: &str) {
        // A network's encoder has no name of its own in a state dictionary, nor have the kind of a normalisation and the reference's
        // head; other heads are called by what they are.
        let segment = match (name, container_type) {
            ("encoder" | "head", "Struct:SegmentationNetwork") | ("Med3d", "Enum:Head") | (_, "Enum:Norm") => None,
            ("encoder", "Struct:ClassificationNetwork" | "Struct:DetectionNetwork") => None,
            ("Skip", "Enum:Head") => Some("decoder"),
            ("Branch", "Enum:Head") => Some("branch"),
            ("DenseAspp", "Enum:Head") => Some("dense_aspp"),
            _ => Some(name),
        };
        self.0.push(segment.map(str::to_owned));
    }

    fn exit(&mut self) {
        self.0.pop();
    }

    fn name(&self) -> String {
        self.0.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(".")
    }
}
