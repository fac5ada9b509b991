//! Values of columns: bins of predictors, cells of numbers, their distributions and unique people.

pub(crate) mod balance;
pub(crate) mod binning;
pub(crate) mod cells;
pub(crate) mod density;
pub(crate) mod normal;
pub(crate) mod normal_ranks;
pub(crate) mod spikes;
pub(crate) mod uniques;
