//! The quantised model file of `docs/numerics.md`: safetensors with one JSON object as metadata.

use super::error::CliError;
use crate::fixed::QFormat;
use crate::quantize::{Head, Layer, QuantizedModel};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

/// Key of our object in the file's metadata.
const KEY: &str = "lprnn";
const FORMAT: u32 = 1;
/// Files larger than this are refused instead of filling the memory.
const MAX_BYTES: u64 = 4 << 30;
/// Largest size of a vector.
const MAX_SIZE: usize = 1 << 16;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileHeader {
    format: u32,
    layers: Vec<LayerHeader>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    head: Option<HeadHeader>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LayerHeader {
    input_size: usize,
    hidden_size: usize,
    x: QFormat,
    h: QFormat,
    w_bits: u32,
    w_frac_ih: [i32; 4],
    w_frac_hh: [i32; 4],
    z: QFormat,
    a_frac: u32,
    c: QFormat,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadHeader {
    w_bits: u32,
    w_frac: i32,
}

/// Float tensors by name: shape and values.
type Passengers = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// What is wrong: a tensor or a dotted path in the metadata, and why.
type Fault = (String, String);

fn fault(place: impl Into<String>, problem: impl Into<String>) -> Fault {
    (place.into(), problem.into())
}

/// Reads and checks a file.
pub fn read(path: &Path) -> Result<QuantizedModel, CliError> {
    let size = std::fs::metadata(path)
        .map_err(|error| CliError::io(path, "read", &error))?
        .len();
    if size > MAX_BYTES {
        return Err(CliError::new(path.display(), "is larger than 4 GiB")
            .help("name a quantised model file"));
    }
    let bytes = std::fs::read(path).map_err(|error| CliError::io(path, "read", &error))?;
    parse(&bytes).map_err(|(place, problem)| {
        let place = if place.is_empty() {
            path.display().to_string()
        } else {
            format!("{}: {place}", path.display())
        };
        CliError::new(place, problem).help("make the file anew with `lprnn-hw quantize`")
    })
}

fn parse(bytes: &[u8]) -> Result<QuantizedModel, Fault> {
    let unreadable = |error| fault("", format!("is no safetensors file: {error}"));
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(unreadable)?;
    let tensors = SafeTensors::deserialize(bytes).map_err(unreadable)?;
    let text = metadata
        .metadata()
        .as_ref()
        .and_then(|metadata| metadata.get(KEY))
        .ok_or_else(|| fault("", format!("has no metadata `{KEY}`: it is not quantised")))?;
    let header: FileHeader =
        serde_json::from_str(text).map_err(|error| fault(KEY, error.to_string()))?;
    if header.format != FORMAT {
        let problem = format!("is {}, this version reads {FORMAT}", header.format);
        return Err(fault(format!("{KEY}.format"), problem));
    }
    if header.layers.is_empty() {
        return Err(fault(format!("{KEY}.layers"), "there are none"));
    }
    let mut reader = Reader {
        tensors,
        taken: BTreeSet::new(),
    };
    let mut layers: Vec<Layer> = Vec::new();
    for (index, layer) in header.layers.into_iter().enumerate() {
        let place = format!("layers.{index}");
        check_layer(&layer, &place)?;
        if let Some(below) = layers.last() {
            let fits = below.hidden_size == layer.input_size && below.h == layer.x;
            if !fits {
                let problem = format!(
                    "takes {} elements of {}, the layer below gives {} of {}",
                    layer.input_size, layer.x, below.hidden_size, below.h
                );
                return Err(fault(place, problem));
            }
        }
        layers.push(reader.layer(&layer, &place)?);
    }
    let head = match header.head {
        None => None,
        Some(head) => Some(reader.head(&head, &layers[layers.len() - 1])?),
    };
    let passengers = reader.passengers()?;
    Ok(QuantizedModel {
        layers,
        head,
        passengers,
    })
}

fn check_layer(layer: &LayerHeader, place: &str) -> Result<(), Fault> {
    let within = |name: &str, value: i64, low: i64, high: i64| {
        if (low..=high).contains(&value) {
            Ok(())
        } else {
            let problem = format!("is {value}, not between {low} and {high}");
            Err(fault(format!("{place}.{name}"), problem))
        }
    };
    let width = |name: &str, bits: u32| {
        if (1..=8).contains(&bits) || bits == 16 {
            Ok(())
        } else {
            let problem = format!("is {bits}, neither 1 to 8 nor 16");
            Err(fault(format!("{place}.{name}"), problem))
        }
    };
    within("input_size", layer.input_size as i64, 1, MAX_SIZE as i64)?;
    within("hidden_size", layer.hidden_size as i64, 1, MAX_SIZE as i64)?;
    width("w_bits", layer.w_bits)?;
    width("x.bits", layer.x.bits)?;
    width("h.bits", layer.h.bits)?;
    within("z.bits", i64::from(layer.z.bits), 2, 12)?;
    within("a_frac", i64::from(layer.a_frac), 1, 14)?;
    within("c.bits", i64::from(layer.c.bits), 2, 24)?;
    for (name, frac) in [
        ("x.frac", layer.x.frac),
        ("h.frac", layer.h.frac),
        ("z.frac", layer.z.frac),
        ("c.frac", layer.c.frac),
    ] {
        within(name, i64::from(frac), -32, 32)?;
    }
    for gate in 0..4 {
        for (name, frac) in [
            ("w_frac_ih", layer.w_frac_ih[gate]),
            ("w_frac_hh", layer.w_frac_hh[gate]),
        ] {
            within(name, i64::from(frac), -32, 32)?;
        }
        // The two products are aligned by a left shift, inside 64 bits.
        let x = layer.w_frac_ih[gate] + layer.x.frac;
        let h = layer.w_frac_hh[gate] + layer.h.frac;
        within("w_frac_ih", i64::from(x - h), -15, 15).map_err(|(place, _)| {
            fault(
                place,
                format!("gate {gate}: products with fractions {x} and {h} are more than 15 apart"),
            )
        })?;
    }
    Ok(())
}

struct Reader<'a> {
    tensors: SafeTensors<'a>,
    taken: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    fn take(&mut self, name: &str, shape: &[usize]) -> Result<TensorView<'a>, Fault> {
        let tensor = self
            .tensors
            .tensor(name)
            .map_err(|_| fault(name, "is missing"))?;
        if tensor.shape() != shape {
            let problem = format!("has the shape {:?}, not {shape:?}", tensor.shape());
            return Err(fault(name, problem));
        }
        self.taken.insert(name.to_string());
        Ok(tensor)
    }

    fn integers(&mut self, name: &str, shape: &[usize]) -> Result<Vec<i32>, Fault> {
        let tensor = self.take(name, shape)?;
        let data = tensor.data();
        Ok(match tensor.dtype() {
            Dtype::I8 => data
                .iter()
                .map(|&byte| i32::from(byte.cast_signed()))
                .collect(),
            Dtype::I16 => data
                .chunks_exact(2)
                .map(|b| i32::from(i16::from_le_bytes([b[0], b[1]])))
                .collect(),
            Dtype::I32 => data
                .chunks_exact(4)
                .map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect(),
            other => return Err(fault(name, format!("holds {other:?}, not I8, I16 or I32"))),
        })
    }

    /// Symmetric codes of `bits` bits.
    fn weights(&mut self, name: &str, shape: &[usize], bits: u32) -> Result<Vec<i16>, Fault> {
        let max = QFormat::new(bits, 0).max_code() as i32;
        let fits = |code: i32| (-max..=max).contains(&code) && (bits > 1 || code != 0);
        let codes = self.integers(name, shape)?;
        if let Some(at) = codes.iter().position(|&code| !fits(code)) {
            let problem = format!(
                "[{}][{}] is {}, no symmetric code of {bits} bits",
                at / shape[1],
                at % shape[1],
                codes[at]
            );
            return Err(fault(name, problem));
        }
        Ok(codes.into_iter().map(|code| code as i16).collect())
    }

    fn layer(&mut self, header: &LayerHeader, place: &str) -> Result<Layer, Fault> {
        let (rows, w_bits) = (4 * header.hidden_size, header.w_bits);
        let ih = [rows, header.input_size];
        let hh = [rows, header.hidden_size];
        Ok(Layer {
            weight_ih: self.weights(&format!("{place}.weight_ih"), &ih, w_bits)?,
            weight_hh: self.weights(&format!("{place}.weight_hh"), &hh, w_bits)?,
            bias: self.integers(&format!("{place}.bias"), &[rows])?,
            input_size: header.input_size,
            hidden_size: header.hidden_size,
            x: header.x,
            h: header.h,
            w_bits,
            w_frac_ih: header.w_frac_ih,
            w_frac_hh: header.w_frac_hh,
            z: header.z,
            a_frac: header.a_frac,
            c: header.c,
            row_scale: None,
        })
    }

    fn head(&mut self, header: &HeadHeader, below: &Layer) -> Result<Head, Fault> {
        if !(1..=16).contains(&header.w_bits) {
            let problem = format!("is {}, not between 1 and 16", header.w_bits);
            return Err(fault("head.w_bits", problem));
        }
        let output_size = match self.tensors.tensor("head.bias").map(|t| t.shape().to_vec()) {
            Ok(shape) if shape.len() == 1 => shape[0],
            Ok(shape) => return Err(fault("head.bias", format!("has the shape {shape:?}"))),
            Err(_) => return Err(fault("head.bias", "is missing")),
        };
        let shape = [output_size, below.hidden_size];
        Ok(Head {
            output_size,
            w_bits: header.w_bits,
            w_frac: header.w_frac,
            weight: self.weights("head.weight", &shape, header.w_bits)?,
            bias: self.integers("head.bias", &[output_size])?,
        })
    }

    /// Float tensors that only ride along; any other tensor is unknown.
    fn passengers(self) -> Result<Passengers, Fault> {
        let mut passengers = BTreeMap::new();
        for name in self.tensors.names() {
            if self.taken.contains(name) {
                continue;
            }
            let tensor = self
                .tensors
                .tensor(name)
                .map_err(|error| fault(name, error.to_string()))?;
            if tensor.dtype() != Dtype::F32 {
                let problem = format!("is a {:?} tensor that no layer has", tensor.dtype());
                return Err(fault(name, problem));
            }
            let values = tensor
                .data()
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect();
            passengers.insert(name.to_string(), (tensor.shape().to_vec(), values));
        }
        Ok(passengers)
    }
}

/// The bytes of a model's file: the same for the same model.
pub fn write(model: &QuantizedModel) -> Result<Vec<u8>, CliError> {
    let header = FileHeader {
        format: FORMAT,
        layers: model
            .layers
            .iter()
            .map(|layer| LayerHeader {
                input_size: layer.input_size,
                hidden_size: layer.hidden_size,
                x: layer.x,
                h: layer.h,
                w_bits: layer.w_bits,
                w_frac_ih: layer.w_frac_ih,
                w_frac_hh: layer.w_frac_hh,
                z: layer.z,
                a_frac: layer.a_frac,
                c: layer.c,
            })
            .collect(),
        head: model.head.as_ref().map(|head| HeadHeader {
            w_bits: head.w_bits,
            w_frac: head.w_frac,
        }),
    };
    let mut tensors: BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)> = BTreeMap::new();
    let mut put = |name: String, shape: Vec<usize>, codes: Vec<i32>| {
        let (dtype, bytes) = smallest(&codes);
        tensors.insert(name, (dtype, shape, bytes));
    };
    let wide = |codes: &[i16]| codes.iter().copied().map(i32::from).collect();
    for (index, layer) in model.layers.iter().enumerate() {
        let rows = 4 * layer.hidden_size;
        let name = |what: &str| format!("layers.{index}.{what}");
        let (ih, hh) = (wide(&layer.weight_ih), wide(&layer.weight_hh));
        put(name("weight_ih"), vec![rows, layer.input_size], ih);
        put(name("weight_hh"), vec![rows, layer.hidden_size], hh);
        put(name("bias"), vec![rows], layer.bias.clone());
    }
    if let Some(head) = &model.head {
        let width = head.weight.len() / head.output_size.max(1);
        let weight = wide(&head.weight);
        put("head.weight".into(), vec![head.output_size, width], weight);
        put(
            "head.bias".into(),
            vec![head.output_size],
            head.bias.clone(),
        );
    }
    for (name, (shape, values)) in &model.passengers {
        let bytes = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        tensors.insert(name.clone(), (Dtype::F32, shape.clone(), bytes));
    }
    let failed = |error: &dyn std::fmt::Display| CliError::new("model", error);
    let text = serde_json::to_string(&header).map_err(|error| failed(&error))?;
    let views: Vec<(&String, TensorView<'_>)> = tensors
        .iter()
        .map(|(name, (dtype, shape, bytes))| {
            TensorView::new(*dtype, shape.clone(), bytes).map(|view| (name, view))
        })
        .collect::<Result<_, _>>()
        .map_err(|error| failed(&error))?;
    let metadata = HashMap::from([(KEY.to_string(), text)]);
    safetensors::serialize(views, Some(metadata)).map_err(|error| failed(&error))
}

/// The smallest integer type that holds all codes.
fn smallest(codes: &[i32]) -> (Dtype, Vec<u8>) {
    let fits = |low: i32, high: i32| codes.iter().all(|code| (low..=high).contains(code));
    let bytes = |size: usize| {
        let little = codes
            .iter()
            .flat_map(|code| code.to_le_bytes().into_iter().take(size));
        little.collect()
    };
    if fits(i8::MIN.into(), i8::MAX.into()) {
        (Dtype::I8, bytes(1))
    } else if fits(i16::MIN.into(), i16::MAX.into()) {
        (Dtype::I16, bytes(2))
    } else {
        (Dtype::I32, bytes(4))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::seeded;
    use crate::spec::{Numerics, SeededNetwork};

    fn model() -> QuantizedModel {
        let mut model = seeded::model(&SeededNetwork {
            hidden: 3,
            input_size: 2,
            layers: 2,
            seed: 1,
            numerics: Numerics {
                weight_bits: 4,
                act_bits: 8,
                input_bits: 4,
                z: QFormat::new(8, 4),
                gate_frac: 8,
                c: QFormat::new(16, 10),
            },
        });
        model.head = Some(Head {
            output_size: 2,
            w_bits: 4,
            w_frac: 3,
            weight: vec![1, -2, 3, -4, 5, -6],
            bias: vec![70_000, -1],
        });
        let table = (vec![2, 2], vec![0.5, -1.0, 2.0, 0.0]);
        model.passengers.insert("embedding.weight".into(), table);
        model
    }

    /// The model's file with its metadata or a tensor changed.
    fn spoiled(
        change: impl Fn(&mut FileHeader, &mut BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>),
    ) -> Fault {
        let bytes = write(&model()).unwrap();
        let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
        let text = &metadata.metadata().as_ref().unwrap()[KEY];
        let mut header: FileHeader = serde_json::from_str(text).unwrap();
        let mut tensors = BTreeMap::new();
        for (name, view) in SafeTensors::deserialize(&bytes).unwrap().tensors() {
            tensors.insert(
                name,
                (view.dtype(), view.shape().to_vec(), view.data().to_vec()),
            );
        }
        change(&mut header, &mut tensors);
        let text = serde_json::to_string(&header).unwrap();
        let views = tensors.iter().map(|(name, (dtype, shape, data))| {
            (name, TensorView::new(*dtype, shape.clone(), data).unwrap())
        });
        let metadata = HashMap::from([(KEY.to_string(), text)]);
        let bytes = safetensors::serialize(views, Some(metadata)).unwrap();
        parse(&bytes).unwrap_err()
    }

    #[test]
    fn what_is_written_is_read_and_always_the_same() {
        let bytes = write(&model()).unwrap();
        assert_eq!(bytes, write(&model()).unwrap());
        assert_eq!(parse(&bytes).unwrap(), model());
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let tensor = |dtype, shape: &[usize], byte: u8, count: usize| {
            (dtype, shape.to_vec(), vec![byte; count])
        };
        for ((place, problem), (where_, why)) in [
            (spoiled(|h, _| h.format = 2), ("lprnn.format", "is 2")),
            (spoiled(|h, _| h.layers.clear()), ("lprnn.layers", "none")),
            (
                spoiled(|h, _| h.layers[0].w_bits = 9),
                ("layers.0.w_bits", "is 9"),
            ),
            (
                spoiled(|h, _| h.layers[0].z.bits = 40),
                ("layers.0.z.bits", "is 40"),
            ),
            (
                spoiled(|h, _| h.layers[1].x.bits = 4),
                ("layers.1", "the layer below"),
            ),
            (
                spoiled(|h, _| h.layers[0].w_frac_ih[2] = 30),
                ("layers.0.w_frac_ih", "gate 2"),
            ),
            (
                spoiled(|h, _| h.layers[0].hidden_size = 1 << 40),
                ("layers.0.hidden_size", "not between"),
            ),
            (
                spoiled(|h, _| h.layers[0].input_size = 3),
                ("layers.0.weight_ih", "shape [12, 2], not [12, 3]"),
            ),
            (
                spoiled(|_, t| drop(t.remove("layers.1.bias"))),
                ("layers.1.bias", "missing"),
            ),
            (
                spoiled(|_, t| t.get_mut("layers.0.weight_hh").unwrap().2[4] = 8),
                (
                    "layers.0.weight_hh",
                    "[1][1] is 8, no symmetric code of 4 bits",
                ),
            ),
            (
                spoiled(|_, t| {
                    drop(t.insert("layers.0.bias".into(), tensor(Dtype::F32, &[12], 0, 48)));
                }),
                ("layers.0.bias", "F32"),
            ),
            (
                spoiled(|_, t| {
                    drop(t.insert("layers.2.bias".into(), tensor(Dtype::I8, &[1], 0, 1)));
                }),
                ("layers.2.bias", "no layer has"),
            ),
            (
                spoiled(|h, _| h.head.as_mut().unwrap().w_bits = 0),
                ("head.w_bits", "is 0"),
            ),
        ] {
            assert_eq!(place, where_, "{problem}");
            assert!(problem.contains(why), "{place}: {problem}");
        }
    }

    #[test]
    fn cut_and_foreign_files_are_refused() {
        let bytes = write(&model()).unwrap();
        for end in 0..bytes.len() {
            assert!(parse(&bytes[..end]).is_err(), "cut at {end}");
        }
        let plain = safetensors::serialize(Vec::<(String, TensorView<'_>)>::new(), None).unwrap();
        assert!(parse(&plain).unwrap_err().1.contains("not quantised"));
    }
}
