//! The parts of an ONNX file that are needed: nodes with their attributes, tensors, inputs and outputs.
//!
//! Field numbers are those of onnx.proto3. Graphs inside attributes (loops and branches) are not
//! opened, so that nesting costs no stack.

use crate::diagnostic::Problem;
use crate::import::tensors::{ElementKind, Tensor};
use quick_protobuf::{BytesReader, Error};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A tensor, or why it is not read.
pub type Constant<'a> = Result<Tensor<'a>, Problem>;

/// An operation.
#[derive(Default)]
pub struct Node<'a> {
    pub name: &'a str,
    pub op: &'a str,
    pub inputs: Vec<&'a str>,
    pub outputs: Vec<&'a str>,
    pub attributes: BTreeMap<&'a str, Attribute<'a>>,
}

/// The value of an attribute.
#[derive(Default)]
pub struct Attribute<'a> {
    pub float: f32,
    pub int: i64,
    pub text: &'a [u8],
    pub ints: Vec<i64>,
    pub texts: Vec<&'a [u8]>,
    pub tensor: Option<Constant<'a>>,
    /// Of a tensor of whole numbers.
    pub integers: Option<Vec<i64>>,
}

/// A network.
#[derive(Default)]
pub struct Graph<'a> {
    pub nodes: Vec<Node<'a>>,
    /// Initialisers, and the values of `Constant` nodes.
    pub constants: BTreeMap<&'a str, Constant<'a>>,
    /// Those of whole numbers of 64 bits: places and sizes.
    pub integers: BTreeMap<&'a str, Vec<i64>>,
    /// Inputs; older files list initialisers among them.
    pub inputs: Vec<&'a str>,
    pub outputs: Vec<&'a str>,
}

type Fields<T> = Result<T, Error>;

/// Number of a tensor's elements, where they are whole numbers of 64 bits.
const INT64: u64 = 7;

/// Calls `field` with every field: its number, the wire's kind of number or bytes.
fn fields<'a>(
    bytes: &'a [u8],
    mut field: impl FnMut(u32, WireField<'a>) -> Fields<()>,
) -> Fields<()> {
    let mut reader = BytesReader::from_bytes(bytes);
    while !reader.is_eof() {
        let tag = reader.next_tag(bytes)?;
        let value = match tag & 7 {
            0 => WireField::Number(reader.read_varint64(bytes)?),
            2 => WireField::Bytes(reader.read_bytes(bytes)?),
            5 => WireField::Float(f32::from_bits(reader.read_fixed32(bytes)?)),
            _ => {
                reader.read_unknown(bytes, tag)?;
                continue;
            }
        };
        field(tag >> 3, value)?;
    }
    Ok(())
}

enum WireField<'a> {
    Number(u64),
    Float(f32),
    Bytes(&'a [u8]),
}

fn text(bytes: &[u8]) -> Fields<&str> {
    std::str::from_utf8(bytes).map_err(Error::Utf8)
}

/// The graph of a file.
pub fn read(bytes: &[u8]) -> Fields<Graph<'_>> {
    let mut graph = Graph::default();
    fields(bytes, |number, field| {
        if let (7, WireField::Bytes(bytes)) = (number, field) {
            read_graph(bytes, &mut graph)?;
        }
        Ok(())
    })?;
    Ok(graph)
}

fn read_graph<'a>(bytes: &'a [u8], graph: &mut Graph<'a>) -> Fields<()> {
    fields(bytes, |number, field| {
        match (number, field) {
            (1, WireField::Bytes(bytes)) => {
                let mut node = read_node(bytes)?;
                let integers = node.attributes.get_mut("value");
                let integers = integers.and_then(|value| value.integers.take());
                if let ("Constant", Some(values), Some(name)) =
                    (node.op, integers, node.outputs.first())
                {
                    graph.integers.insert(name, values);
                }
                let constant = node.attributes.get_mut("value");
                if node.op == "Constant"
                    && let Some(value) = constant.and_then(|value| value.tensor.take())
                    && let Some(name) = node.outputs.first()
                {
                    graph.constants.insert(name, value);
                } else {
                    graph.nodes.push(node);
                }
            }
            (5, WireField::Bytes(bytes)) => {
                let (name, tensor, integers) = read_tensor(bytes)?;
                graph.constants.insert(name, tensor);
                if let Some(values) = integers {
                    graph.integers.insert(name, values);
                }
            }
            (11, WireField::Bytes(bytes)) => graph.inputs.push(value_name(bytes)?),
            (12, WireField::Bytes(bytes)) => graph.outputs.push(value_name(bytes)?),
            _ => {}
        }
        Ok(())
    })
}

fn value_name(bytes: &[u8]) -> Fields<&str> {
    let mut name = "";
    fields(bytes, |number, field| {
        if let (1, WireField::Bytes(bytes)) = (number, field) {
            name = text(bytes)?;
        }
        Ok(())
    })?;
    Ok(name)
}

fn read_node(bytes: &[u8]) -> Fields<Node<'_>> {
    let mut node = Node::default();
    fields(bytes, |number, field| {
        let WireField::Bytes(bytes) = field else {
            return Ok(());
        };
        match number {
            1 => node.inputs.push(text(bytes)?),
            2 => node.outputs.push(text(bytes)?),
            3 => node.name = text(bytes)?,
            4 => node.op = text(bytes)?,
            5 => {
                let (name, attribute) = read_attribute(bytes)?;
                node.attributes.insert(name, attribute);
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(node)
}

fn read_attribute(bytes: &[u8]) -> Fields<(&str, Attribute<'_>)> {
    let mut name = "";
    let mut attribute = Attribute::default();
    fields(bytes, |number, field| {
        match (number, field) {
            (1, WireField::Bytes(bytes)) => name = text(bytes)?,
            (2, WireField::Float(value)) => attribute.float = value,
            (8, WireField::Number(value)) => attribute.ints.push(value.cast_signed()),
            (8, WireField::Bytes(bytes)) => attribute.ints = packed(bytes)?,
            (3, WireField::Number(value)) => attribute.int = value.cast_signed(),
            (4, WireField::Bytes(bytes)) => attribute.text = bytes,
            (5, WireField::Bytes(bytes)) => {
                let (_, tensor, integers) = read_tensor(bytes)?;
                attribute.tensor = Some(tensor);
                attribute.integers = integers;
            }
            (9, WireField::Bytes(bytes)) => attribute.texts.push(bytes),
            _ => {}
        }
        Ok(())
    })?;
    Ok((name, attribute))
}

/// Whole numbers without their tags.
fn packed(bytes: &[u8]) -> Fields<Vec<i64>> {
    let mut reader = BytesReader::from_bytes(bytes);
    let mut values = Vec::new();
    while !reader.is_eof() {
        values.push(reader.read_varint64(bytes)?.cast_signed());
    }
    Ok(values)
}

/// A tensor, its name, and its values if they are whole numbers of 64 bits.
fn read_tensor(bytes: &[u8]) -> Fields<(&str, Constant<'_>, Option<Vec<i64>>)> {
    let mut name = "";
    let mut shape: Vec<u64> = Vec::new();
    let (mut data_type, mut external) = (0, false);
    let mut data: Cow<[u8]> = Cow::Borrowed(&[]);
    let mut integers: Vec<i64> = Vec::new();
    fields(bytes, |number, field| {
        match (number, field) {
            (1, WireField::Number(size)) => shape.push(size),
            (1, WireField::Bytes(bytes)) => {
                shape.extend(packed(bytes)?.into_iter().map(i64::cast_unsigned));
            }
            (2, WireField::Number(kind)) => data_type = kind,
            (4, WireField::Float(value)) => data.to_mut().extend(value.to_le_bytes()),
            // Packed floats, doubles and raw data: little endian.
            (4 | 9 | 10, WireField::Bytes(bytes)) if data.is_empty() => data = Cow::Borrowed(bytes),
            (4 | 10, WireField::Bytes(bytes)) => data.to_mut().extend(bytes),
            (7, WireField::Number(value)) => integers.push(value.cast_signed()),
            (7, WireField::Bytes(bytes)) => integers.extend(packed(bytes)?),
            (8, WireField::Bytes(bytes)) => name = text(bytes)?,
            (13, _) => external = true,
            (14, WireField::Number(place)) => external |= place == 1,
            _ => {}
        }
        Ok(())
    })?;
    if data_type == INT64 && integers.is_empty() {
        let (words, _) = data.as_chunks();
        integers = words.iter().map(|&word| i64::from_le_bytes(word)).collect();
    }
    let integers = (data_type == INT64).then_some(integers);
    if external {
        let fault = Problem::new("lies in another file (external data)")
            .help("save it in one: onnx.save_model(onnx.load(FILE), 'one.onnx')");
        return Ok((name, Err(fault), integers));
    }
    Ok((name, tensor(data_type, &shape, data), integers))
}

fn tensor<'a>(data_type: u64, shape: &[u64], data: Cow<'a, [u8]>) -> Constant<'a> {
    let (kind, width) = match data_type {
        1 => (ElementKind::F32, 4),
        11 => (ElementKind::F64, 8),
        10 => (ElementKind::F16, 2),
        16 => (ElementKind::BF16, 2),
        2 => (ElementKind::Other("U8".into()), 0),
        3 => (ElementKind::Other("I8".into()), 0),
        other => (ElementKind::Other(format!("ONNX type {other}")), 0),
    };
    let sizes: Option<Vec<usize>> = shape
        .iter()
        .map(|&size| usize::try_from(size).ok())
        .collect();
    let sizes = sizes
        .filter(|sizes| sizes.len() <= 8)
        .unwrap_or_else(|| vec![usize::MAX]);
    if matches!(kind, ElementKind::Other(_)) {
        return Ok(Tensor::new(kind, sizes, Cow::Borrowed(&[])));
    }
    let bytes = sizes
        .iter()
        .try_fold(width, |all: usize, &size| all.checked_mul(size));
    if bytes == Some(data.len()) {
        Ok(Tensor::new(kind, sizes, data))
    } else {
        Err(Problem::new(format!(
            "has shape {shape:?} and {} bytes of data, which do not fit",
            data.len()
        ))
        .help("export the model again"))
    }
}
