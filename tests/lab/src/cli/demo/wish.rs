//! What the main job is asked for beyond the defaults, and the nodes that it makes then.

use clap::Args;
use clap::value_parser;

/// The options of `demo`.
#[derive(Args, Clone)]
pub(in crate::cli) struct Wish {
    /// CephFS storage classes (ENABLE_CEPH)
    #[arg(long)]
    pub ceph: bool,
    /// A GPU in the first worker, its driver and device plugin (ENABLE_CUDA)
    #[arg(long)]
    pub cuda: bool,
    /// The Gateway API in place of the ingress controller (ENABLE_GATEWAY_API)
    #[arg(long)]
    pub gateway: bool,
    /// After all that, what `rustible-lab failures` breaks and repairs
    #[arg(long)]
    pub failures: bool,
    /// How many workers
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = value_parser!(u8).range(1..=9))]
    pub workers: u8,
}

/// A machine of the cluster.
pub(super) struct Node {
    /// Its name in the inventory, which is its host name too.
    pub name: String,
    /// The last number of its address.
    pub last: u8,
    /// Whether it is a worker, else the control plane.
    pub worker: bool,
    /// Whether it has a GPU.
    pub gpu: bool,
}

/// The last numbers of the addresses that the control plane and the first worker get.
pub(super) const CONTROL: u8 = 11;
pub(super) const WORKER: u8 = 21;

impl Default for Wish {
    fn default() -> Self {
        Self { ceph: false, cuda: false, gateway: false, failures: false, workers: 1 }
    }
}

impl Wish {
    /// All nodes, sorted by name.
    pub(super) fn nodes(&self) -> Vec<Node> {
        let control = Node { name: "k8s-control-1".to_owned(), last: CONTROL, worker: false, gpu: false };
        let worker = |number: u8| Node {
            name: format!("k8s-node-{number}"),
            last: WORKER - 1 + number,
            worker: true,
            gpu: self.cuda && number == 1,
        };
        std::iter::once(control).chain((1..=self.workers).map(worker)).collect()
    }

    /// The options that were not given, as they are written.
    pub(super) fn not_asked(&self) -> Vec<&'static str> {
        let all = [
            (self.ceph, "--ceph"),
            (self.cuda, "--cuda"),
            (self.gateway, "--gateway"),
            (self.workers > 1, "--workers"),
            (self.failures, "--failures"),
        ];
        all.into_iter().filter(|(given, _)| !given).map(|(_, name)| name).collect()
    }
}
