//! All files of a design, in memory.

use super::context::TopContext;
use super::interface::Interface;
use super::layer_files::layer_files;
use super::leaves::Leaves;
use super::library::library_files;
use super::render::render;
use super::report::stack_title;
use super::signature::parts;
use super::testbench::{Vectors, testbench};
use crate::diagnostic::Problem;
use crate::hardware::{Design, LayerWeights};
use crate::quantize::QuantizedModel;
use crate::spec::Implementation;
use std::collections::BTreeMap;

/// A design as files: relative path to contents.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// The core's signature.
    pub interface: Interface,
    /// Files by path relative to the bundle's folder, `/` between parts.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Bundle {
    /// Generates the hardware of `design`, which is that of `model`.
    ///
    /// `model_digest` is printed in the header of the top module.
    pub fn generate(
        model: &QuantizedModel,
        design: &Design,
        implementation: &Implementation,
        model_digest: &str,
    ) -> Result<Self, Problem> {
        let name = &implementation.name;
        let mut files = BTreeMap::new();
        for part in parts(design, implementation.memory_init) {
            let library = library_files(part).into_iter();
            files.extend(library.map(|(file, text)| (format!("rtl/{file}"), text.into_bytes())));
        }

        let mut layers = Vec::new();
        let weights = LayerWeights::of_network(model);
        for (index, (weights, folded)) in weights.zip(design.layers()).enumerate() {
            let leaves = Leaves {
                layer: folded,
                small_memory_style: design.small_memory_style(),
            };
            layers.push(layer_files(
                implementation,
                model,
                (index, weights, leaves),
                &mut files,
            )?);
        }

        let top_path = format!("rtl/{name}_top.v");
        let interface = Interface::new(model, design, implementation);
        let names = (stack_title(design), model_digest.to_owned());
        let top = TopContext::new(&interface, design, names, layers);
        files.insert(top_path, render("top.v.tera", &top)?.into_bytes());
        Ok(Self { interface, files })
    }
}

impl Bundle {
    /// Adds the self-checking test bench with its vectors.
    pub fn add_testbench(&mut self, vectors: Vectors<'_>) -> Result<(), Problem> {
        self.files.extend(testbench(&self.interface, vectors)?);
        Ok(())
    }
}
