//! A module under training: its parameters, the moments of its optimiser, their running average.

use std::fmt;
use std::marker::PhantomData;

use burn::module::{AutodiffModule, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::optim::adaptor::OptimizerAdaptor;
use burn::optim::record::AdaptorRecord;
use burn::optim::{AdamState, AdaptiveMomentumState, GradientsParams, Optimizer};
use burn::tensor::Tensor;
use burn::tensor::backend::AutodiffBackend;
use burn::tensor::container::TensorContainer;

use crate::adam::DpAdam;
use crate::checkpoint::{MissingEntry, Snapshot};
use crate::device::Matrix;
use crate::module::{as_matrix, parameters, with_parameters};

/// A module, the state of its optimiser and, if asked for, the running average of its parameters.
pub struct TrainState<B: AutodiffBackend, M: AutodiffModule<B>> {
    /// Absent only while a step replaces it.
    module: Option<M>,
    optimiser: OptimizerAdaptor<DpAdam, M, B>,
    average: Option<Average<B>>,
}

impl<B: AutodiffBackend, M: AutodiffModule<B>> TrainState<B, M> {
    /// Starts the training of a module.
    #[must_use]
    pub fn new(module: M, adam: DpAdam) -> Self {
        Self {
            module: Some(module),
            optimiser: adam.into(),
            average: None,
        }
    }

    /// Returns the module.
    ///
    /// # Panics
    ///
    /// If a step panicked before.
    pub fn module(&self) -> &M {
        self.module.as_ref().expect("every step gives it back")
    }

    /// Forgets the moments of the optimiser, and uses this one.
    pub fn restart(&mut self, adam: DpAdam) {
        self.optimiser = adam.into();
    }

    /// Starts a running average of the parameters, which keeps this share of itself at each step.
    pub fn start_average(&mut self, keep: f64) {
        self.average = Some(Average::new(keep));
    }

    /// Takes one step down these gradients.
    pub fn step(&mut self, rate: f64, gradients: GradientsParams) {
        let Some(module) = self.module.take() else {
            return;
        };
        let module = self.optimiser.step(rate, module, gradients);
        if let Some(average) = &mut self.average {
            average.add(&module);
        }
        self.module = Some(module);
    }

    /// Takes one step down the gradients of a loss.
    pub fn descend(&mut self, rate: f64, loss: &Tensor<B, 1>) {
        let gradients = GradientsParams::from_grads(loss.backward(), self.module());
        self.step(rate, gradients);
    }

    /// Returns the module with the average of its parameters, where one was begun, else as it is.
    #[must_use]
    pub fn averaged(&self) -> M {
        let module = self.module().clone();
        match &self.average {
            Some(average) => average.apply(module),
            None => module,
        }
    }

    /// Writes everything into a snapshot, under a name.
    pub fn save<P>(&self, name: &str, snapshot: &mut Snapshot<P>) {
        snapshot.put(name, &parameters(self.module()));
        let mut moments = SaveMoments::<B, M> {
            record: self.optimiser.to_record(),
            steps: 0,
            first: Vec::new(),
            second: Vec::new(),
        };
        self.module().visit(&mut moments);
        snapshot.put(&format!("{name}.adam.first"), &moments.first);
        snapshot.put(&format!("{name}.adam.second"), &moments.second);
        let facts = &mut snapshot.facts;
        facts.count(&format!("{name}.adam.steps"), moments.steps);
        let added = self.average.as_ref().map_or(0, |average| average.steps);
        facts.count(
            &format!("{name}.average.steps"),
            added.unsigned_abs().into(),
        );
        if let Some(average) = self.average.as_ref().filter(|average| average.steps > 0) {
            snapshot.put(&format!("{name}.average"), &average.list(self.module()));
        }
    }

    /// Reads everything from a snapshot; of the average only if one was begun.
    ///
    /// # Errors
    ///
    /// [`MissingEntry`] if the snapshot has no such network.
    pub fn load<P>(&mut self, name: &str, snapshot: &Snapshot<P>) -> Result<(), MissingEntry> {
        let read = |entry: &str, mut places: Vec<Matrix<B::InnerBackend>>| {
            snapshot.get(entry, &mut places).map(|()| places)
        };
        let counter = |entry: &str| snapshot.facts.counter(&format!("{name}.{entry}"));
        let steps = counter("adam.steps")?;
        if steps > 0 {
            let places = trained(self.module());
            let first = read(&format!("{name}.adam.first"), places.clone())?;
            let second = read(&format!("{name}.adam.second"), places)?;
            let mut moments = LoadMoments::<B, M> {
                record: self.optimiser.to_record(),
                steps: usize::try_from(steps).map_err(|_| "a counter is too large")?,
                moments: first.into_iter().zip(second),
            };
            self.module().visit(&mut moments);
            self.optimiser = self.optimiser.clone().load_record(moments.record);
        }
        let added = counter("average.steps")?;
        if added > 0
            && let Some(average) = &mut self.average
            && let Some(module) = &self.module
        {
            average.steps = i32::try_from(added).map_err(|_| "a counter is too large")?;
            let values = read(&format!("{name}.average"), trained(module))?;
            let mut fill = FillAverage::<B> {
                values: &mut average.values,
                matrices: values.into_iter(),
            };
            module.visit(&mut fill);
        }
        let mut own = parameters(self.module());
        snapshot.get(name, &mut own)?;
        self.module = self
            .module
            .take()
            .map(|module| with_parameters(module, own));
        Ok(())
    }
}

impl<B: AutodiffBackend, M: AutodiffModule<B>> fmt::Debug for TrainState<B, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrainState")
            .field("module", &self.module)
            .field("optimiser", self.optimiser.optim())
            .finish_non_exhaustive()
    }
}

/// The moments of an optimiser, by parameter.
type Record<B, M> = <OptimizerAdaptor<DpAdam, M, B> as Optimizer<M, B>>::Record;

/// Returns the parameters that are trained, without the running statistics.
fn trained<B: AutodiffBackend>(module: &impl AutodiffModule<B>) -> Vec<Matrix<B::InnerBackend>> {
    let mut collect = CollectTrained::<B>(Vec::new());
    module.visit(&mut collect);
    collect.0
}

struct CollectTrained<B: AutodiffBackend>(Vec<Matrix<B::InnerBackend>>);

impl<B: AutodiffBackend> ModuleVisitor<B> for CollectTrained<B> {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<B, D>>) {
        let value = parameter.val();
        if value.is_require_grad() {
            self.0.push(as_matrix(value.inner()));
        }
    }
}

struct SaveMoments<B: AutodiffBackend, M: AutodiffModule<B>> {
    record: Record<B, M>,
    steps: u64,
    first: Vec<Matrix<B::InnerBackend>>,
    second: Vec<Matrix<B::InnerBackend>>,
}

impl<B: AutodiffBackend, M: AutodiffModule<B>> ModuleVisitor<B> for SaveMoments<B, M> {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<B, D>>) {
        if let Some(record) = self.record.remove(&parameter.id) {
            let moments = record.into_state::<D>().momentum;
            self.steps = moments.time as u64;
            self.first.push(as_matrix(moments.moment_1));
            self.second.push(as_matrix(moments.moment_2));
        }
    }
}

type Pairs<B> = std::iter::Zip<std::vec::IntoIter<Matrix<B>>, std::vec::IntoIter<Matrix<B>>>;

struct LoadMoments<B: AutodiffBackend, M: AutodiffModule<B>> {
    record: Record<B, M>,
    steps: usize,
    moments: Pairs<B::InnerBackend>,
}

impl<B: AutodiffBackend, M: AutodiffModule<B>> ModuleVisitor<B> for LoadMoments<B, M> {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<B, D>>) {
        if !parameter.val().is_require_grad() {
            return;
        }
        if let Some((first, second)) = self.moments.next() {
            let shape = parameter.shape();
            let first: Tensor<B::InnerBackend, D> = first.reshape(shape.clone());
            let moments = AdaptiveMomentumState::new(self.steps, first, second.reshape(shape));
            let record = AdaptorRecord::from_state(AdamState::new(moments));
            self.record.insert(parameter.id, record);
        }
    }
}

/// An exponential moving average of parameters, which varies less than the parameters themselves.
struct Average<B: AutodiffBackend> {
    values: TensorContainer<ParamId>,
    keep: f64,
    steps: i32,
    backend: PhantomData<B>,
}

impl<B: AutodiffBackend> Average<B> {
    fn new(keep: f64) -> Self {
        Self {
            values: TensorContainer::new(),
            keep,
            steps: 0,
            backend: PhantomData,
        }
    }

    fn add(&mut self, module: &impl AutodiffModule<B>) {
        self.steps += 1;
        module.visit(self);
    }

    /// Returns the averages as they are kept, not yet corrected for their start at zero.
    fn list(&self, module: &impl AutodiffModule<B>) -> Vec<Matrix<B::InnerBackend>> {
        let mut list = ListAverage::<B> {
            values: &self.values,
            matrices: Vec::new(),
        };
        module.visit(&mut list);
        list.matrices
    }

    /// Returns a module with the averages, corrected for their start at zero.
    fn apply<M: AutodiffModule<B>>(&self, module: M) -> M {
        if self.steps == 0 {
            return module;
        }
        module.map(&mut ApplyAverage::<B> {
            values: &self.values,
            scale: 1.0 / (1.0 - self.keep.powi(self.steps)),
            backend: PhantomData,
        })
    }
}

impl<B: AutodiffBackend> ModuleVisitor<B> for Average<B> {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<B, D>>) {
        let value = parameter.val();
        if !value.is_require_grad() {
            return;
        }
        let own = value.inner().mul_scalar(1.0 - self.keep);
        let sum = match self.values.remove::<B::InnerBackend>(&parameter.id) {
            Some(old) => {
                let old: Tensor<B::InnerBackend, D> = Tensor::from_primitive(old);
                old.mul_scalar(self.keep).add(own)
            }
            None => own,
        };
        self.values
            .register::<B::InnerBackend>(parameter.id, sum.into_primitive());
    }
}

struct ListAverage<'a, B: AutodiffBackend> {
    values: &'a TensorContainer<ParamId>,
    matrices: Vec<Matrix<B::InnerBackend>>,
}

impl<B: AutodiffBackend> ModuleVisitor<B> for ListAverage<'_, B> {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<B, D>>) {
        if let Some(value) = self.values.get::<B::InnerBackend>(&parameter.id) {
            let value: Tensor<B::InnerBackend, D> = Tensor::from_primitive(value);
            self.matrices.push(as_matrix(value));
        }
    }
}

struct FillAverage<'a, B: AutodiffBackend> {
    values: &'a mut TensorContainer<ParamId>,
    matrices: std::vec::IntoIter<Matrix<B::InnerBackend>>,
}

impl<B: AutodiffBackend> ModuleVisitor<B> for FillAverage<'_, B> {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<B, D>>) {
        if !parameter.val().is_require_grad() {
            return;
        }
        if let Some(value) = self.matrices.next() {
            let value: Tensor<B::InnerBackend, D> = value.reshape(parameter.shape());
            self.values
                .register::<B::InnerBackend>(parameter.id, value.into_primitive());
        }
    }
}

struct ApplyAverage<'a, B: AutodiffBackend> {
    values: &'a TensorContainer<ParamId>,
    scale: f64,
    backend: PhantomData<B>,
}

impl<B: AutodiffBackend> ModuleMapper<B> for ApplyAverage<'_, B> {
    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<B, D>>) -> Param<Tensor<B, D>> {
        let Some(value) = self.values.get::<B::InnerBackend>(&parameter.id) else {
            return parameter;
        };
        let value: Tensor<B::InnerBackend, D> = Tensor::from_primitive(value);
        let value = Tensor::from_inner(value.mul_scalar(self.scale));
        parameter.map(|_| value.require_grad())
    }
}

#[cfg(test)]
mod tests {
    use burn::nn::Linear;

    use super::*;
    use crate::device::{Train, download, upload};
    use crate::module::gradients;

    fn linear(weight: f32) -> Linear<Train> {
        let weight = upload(vec![weight], 1, 1, &Default::default());
        Linear {
            weight: Param::from_tensor(weight),
            bias: None,
        }
    }

    fn weight(module: &Linear<Train>) -> f32 {
        download(&module.weight.val())[0]
    }

    fn state(weight: f32) -> TrainState<Train, Linear<Train>> {
        let mut state = TrainState::new(linear(weight), DpAdam::new(0.5, 0.9));
        state.start_average(0.9);
        state
    }

    /// Steps along the gradients of `(x - 3)^2`.
    fn steps(state: &mut TrainState<Train, Linear<Train>>, count: usize) {
        for _ in 0..count {
            let slope = 2.0 * (weight(state.module()) - 3.0);
            let slope = upload(vec![slope], 1, 1, &Default::default());
            let gradients = gradients(state.module(), vec![slope]);
            state.step(0.1, gradients);
        }
    }

    #[test]
    fn averages_are_not_biased_towards_their_start() {
        let mut average = Average::<Train>::new(0.9);
        let module = linear(0.0);
        assert_eq!(weight(&average.apply(module.clone())), 0.0);
        for value in [3.0, 5.0] {
            let value = upload(vec![value], 1, 1, &Default::default());
            average.add(&with_parameters(module.clone(), vec![value]));
        }
        // (0.9 * 3 + 5) / 1.9
        let mean = weight(&average.apply(module));
        assert!((mean - 7.7 / 1.9).abs() < 1e-5);
    }

    #[test]
    fn a_loss_is_descended_along_its_own_gradients() {
        let (mut by_loss, mut by_hand) = (state(1.0), state(1.0));
        for _ in 0..5 {
            let distance = by_loss.module().weight.val().sub_scalar(3.0);
            by_loss.descend(0.1, &distance.square().sum());
        }
        steps(&mut by_hand, 5);
        assert_eq!(weight(by_loss.module()), weight(by_hand.module()));
        assert!((weight(by_hand.module()) - 3.0).abs() < 2.0);
    }

    #[test]
    fn a_training_that_is_loaded_continues_as_if_it_had_not_been_interrupted() {
        let mut whole = state(1.0);
        steps(&mut whole, 3);
        let mut snapshot = Snapshot::<f64>::default();
        whole.save("linear", &mut snapshot);
        let mut resumed = state(8.0);
        resumed.load("linear", &snapshot).expect("a snapshot");
        for state in [&mut whole, &mut resumed] {
            steps(state, 4);
        }
        assert_eq!(weight(whole.module()), weight(resumed.module()));
        assert_eq!(weight(&whole.averaged()), weight(&resumed.averaged()));
        assert!(resumed.load("other", &snapshot).is_err());
    }
}
