//! State dicts and checkpoints that `torch.save` wrote: `.pt`, `.pth`, `.ckpt`.

use super::pickle::{self, Pickle, PickleValue};
use crate::diagnostic::Problem;
use crate::files::archive::{Archive, Budget};
use crate::import::error::{among, refuse};
use crate::import::tensors::{ElementKind, Tensor, Tensors};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// First bytes of files that `torch.save` wrote before version 1.6.
const LEGACY: &[u8] = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";
/// Modules whose functions no model calls.
const HOSTILE: &str = "os posix nt sys subprocess shutil socket runpy importlib pty webbrowser ctypes code \
    pickle";
const HOSTILE_BUILTINS: &str = "eval exec compile open getattr setattr __import__ input";
const SAVE: &str = "save the state dict: torch.save(model.state_dict(), 'model.pt')";

fn fail<T>(problem: impl std::fmt::Display, help: &str) -> Result<T, Problem> {
    let fault = Problem::new(problem.to_string()).help(help);
    Err(fault)
}

/// Refuses pickles that are no archive, by what they are.
pub fn refuse_pickle(bytes: &[u8]) -> Result<(), Problem> {
    if bytes.starts_with(LEGACY) {
        return fail(
            "written by torch.save without zip (before PyTorch 1.6)",
            "write it again: torch.save(torch.load('old.pth', weights_only=True), 'model.pt')",
        );
    }
    if matches!(bytes, [0x80, 2..=5, ..]) {
        return fail("a bare pickle, no file of torch.save", SAVE);
    }
    Ok(())
}

/// All tensors of the state dict.
pub fn read<'a>(bytes: &'a [u8], archive: &Archive<'a>) -> Result<Tensors<'a>, Problem> {
    let Some(name) = archive
        .names()
        .find(|name| *name == "data.pkl" || name.ends_with("/data.pkl"))
    else {
        return fail(
            "a zip archive without data.pkl, no file of torch.save",
            SAVE,
        );
    };
    let folder = name.strip_suffix("data.pkl").unwrap_or_default();
    if archive
        .names()
        .any(|name| name == format!("{folder}constants.pkl"))
    {
        return fail("a TorchScript archive (torch.jit.save)", SAVE);
    }
    let mut budget = Budget::of(bytes);
    let order = format!("{folder}byteorder");
    if archive.names().any(|name| name == order)
        && &*archive.file(&order, &mut budget)? != b"little"
    {
        return fail("written on a machine of the other byte order", SAVE);
    }
    let data = archive.file(name, &mut budget)?;
    let pickle = pickle::read(&data).or_else(|problem| {
        fail(
            format_args!("damaged: {name}, {problem}"),
            "save the model again",
        )
    })?;
    refuse_hostile(name, &pickle)?;
    let entries = state_dict(&pickle)?;
    let mut storages = Storages {
        archive,
        folder,
        budget,
        read: BTreeMap::new(),
    };
    let mut tensors = Tensors::new();
    for (name, value) in entries {
        if let Some(tensor) = tensor(&pickle, value, name, &mut storages)? {
            tensors.insert(name.to_owned(), tensor);
        }
    }
    Ok(tensors)
}

fn refuse_hostile(file: &str, pickle: &Pickle) -> Result<(), Problem> {
    for global in pickle.globals() {
        let (module, name) = global.rsplit_once('.').unwrap_or((global, ""));
        let package = module.split('.').next().unwrap_or_default();
        let builtin = matches!(module, "builtins" | "__builtin__") && among(HOSTILE_BUILTINS, name);
        if among(HOSTILE, package) || builtin {
            return fail(
                format_args!("{file} would call {global}, which no model does"),
                "trust neither it nor its source: nothing of it was executed here, torch.load might",
            );
        }
    }
    Ok(())
}

/// Entries of a dictionary whose keys are texts.
fn entries<'a>(pickle: &'a Pickle, value: &'a PickleValue) -> Vec<(&'a str, &'a PickleValue)> {
    let PickleValue::Dict(pairs) = value else {
        return Vec::new();
    };
    let pairs = pairs
        .iter()
        .filter_map(|&(key, value)| match pickle.get(key) {
            PickleValue::Text(name) => Some((&**name, pickle.get(value))),
            _ => None,
        });
    pairs.collect()
}

fn is_tensor(pickle: &Pickle, value: &PickleValue) -> bool {
    matches!(value, PickleValue::Call(callee, _)
        if matches!(pickle.get(*callee), PickleValue::Global(name) if name.starts_with("torch._utils._rebuild_")))
}

/// The entries of the state dict: the file itself, or a member of a checkpoint.
fn state_dict(pickle: &Pickle) -> Result<Vec<(&str, &PickleValue)>, Problem> {
    let root = pickle.root();
    if let PickleValue::Call(callee, _) = root {
        let class = match pickle.get(*callee) {
            PickleValue::Global(name) => name,
            _ => "unknown",
        };
        return fail(
            format_args!("holds an object of class {class}, no state dict"),
            SAVE,
        );
    }
    let all = entries(pickle, root);
    let holds = |value: &PickleValue| {
        entries(pickle, value)
            .iter()
            .any(|(_, value)| is_tensor(pickle, value))
    };
    if all.iter().any(|(_, value)| is_tensor(pickle, value)) {
        return Ok(all);
    }
    let members: Vec<_> = all.iter().filter(|(_, value)| holds(value)).collect();
    let lightning = members.iter().find(|(name, _)| *name == "state_dict");
    match (lightning, &members[..]) {
        (Some((_, value)), _) | (None, [(_, value)]) => Ok(entries(pickle, value)),
        (None, []) => fail("holds no tensors under names, so no state dict", SAVE),
        (None, several) => {
            let names: Vec<&str> = several.iter().map(|(name, _)| *name).collect();
            fail(
                format_args!("holds several state dicts: {}", names.join(", ")),
                "save the one that is meant, by torch.save(torch.load(FILE)[NAME], 'model.pt')",
            )
        }
    }
}

/// Parts of the archive that hold elements.
struct Storages<'b, 'a> {
    archive: &'b Archive<'a>,
    folder: &'b str,
    budget: Budget,
    read: BTreeMap<String, Cow<'a, [u8]>>,
}

/// Type and bytes of an element, by the name of its storage class.
fn kind(storage: &str) -> (ElementKind, usize) {
    let name = storage.rsplit('.').next().unwrap_or_default();
    match name.trim_end_matches("Storage") {
        "Float" => (ElementKind::F32, 4),
        "Double" => (ElementKind::F64, 8),
        "Half" => (ElementKind::F16, 2),
        "BFloat16" => (ElementKind::BF16, 2),
        "Long" => (ElementKind::I64, 8),
        "Char" => (ElementKind::Other("I8".into()), 1),
        "Byte" => (ElementKind::Other("U8".into()), 1),
        "Int" => (ElementKind::Other("I32".into()), 4),
        other => (ElementKind::Other(other.into()), 0),
    }
}

/// A tensor, or something else in a tensor's place; `None` for nothing at all.
fn tensor<'a>(
    pickle: &Pickle,
    value: &PickleValue,
    name: &str,
    storages: &mut Storages<'_, 'a>,
) -> Result<Option<Tensor<'a>>, Problem> {
    let object = || {
        Ok(Some(Tensor::new(
            ElementKind::Other("a Python object".into()),
            Vec::new(),
            Cow::Borrowed(&[]),
        )))
    };
    let PickleValue::Call(callee, arguments) = value else {
        return match value {
            PickleValue::None
            | PickleValue::Int(_)
            | PickleValue::Text(_)
            | PickleValue::Dict(_) => Ok(None),
            _ => object(),
        };
    };
    let (PickleValue::Global(function), PickleValue::Tuple(arguments)) =
        (pickle.get(*callee), pickle.get(*arguments))
    else {
        return object();
    };
    match (&**function, &arguments[..]) {
        // A parameter wraps a tensor, and never another parameter.
        ("torch._utils._rebuild_parameter", &[inner, ..])
            if !matches!(pickle.get(inner), PickleValue::Call(callee, _)
                if matches!(pickle.get(*callee), PickleValue::Global(name) if name.ends_with("_parameter"))) =>
        {
            tensor(pickle, pickle.get(inner), name, storages)
        }
        ("torch._utils._rebuild_tensor_v2", &[storage, offset, shape, stride, ..]) => {
            let view = View::read(pickle, storage, [offset, shape, stride]);
            match view {
                Some(view) => storages.tensor(name, &view).map(Some),
                None => refuse(
                    name,
                    "is described in a way that is not read",
                    "save it as float32",
                ),
            }
        }
        ("torch._utils._rebuild_qtensor", _) => {
            let kind = ElementKind::Other("QInt8".into());
            Ok(Some(Tensor::new(kind, Vec::new(), Cow::Borrowed(&[]))))
        }
        _ => object(),
    }
}

/// Where the elements of a tensor lie in a storage.
struct View<'a> {
    class: &'a str,
    key: &'a str,
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<usize>,
}

impl<'a> View<'a> {
    fn read(
        pickle: &'a Pickle,
        storage: usize,
        [offset, shape, strides]: [usize; 3],
    ) -> Option<Self> {
        let PickleValue::Persistent(description) = pickle.get(storage) else {
            return None;
        };
        let PickleValue::Tuple(parts) = pickle.get(*description) else {
            return None;
        };
        let [_, class, key, ..] = parts[..] else {
            return None;
        };
        let (PickleValue::Global(class), PickleValue::Text(key)) =
            (pickle.get(class), pickle.get(key))
        else {
            return None;
        };
        let number = |place: usize| match pickle.get(place) {
            PickleValue::Int(number) => usize::try_from(*number).ok(),
            _ => None,
        };
        let numbers = |place: usize| match pickle.get(place) {
            PickleValue::Tuple(items) => items.iter().map(|&item| number(item)).collect(),
            _ => None,
        };
        let view = Self {
            class,
            key,
            offset: number(offset)?,
            shape: numbers(shape)?,
            strides: numbers(strides)?,
        };
        (view.shape.len() == view.strides.len() && view.shape.len() <= 8).then_some(view)
    }

    /// Elements, and one more than the place of the last of them.
    fn extent(&self) -> Option<(usize, usize)> {
        let count = self
            .shape
            .iter()
            .try_fold(1usize, |all, &size| all.checked_mul(size))?;
        if count == 0 {
            return Some((0, self.offset));
        }
        let last = self
            .shape
            .iter()
            .zip(&self.strides)
            .try_fold(self.offset, |at, (size, stride)| {
                at.checked_add((size - 1).checked_mul(*stride)?)
            })?;
        Some((count, last.checked_add(1)?))
    }

    fn contiguous(&self) -> bool {
        let mut expected = 1;
        self.shape
            .iter()
            .zip(&self.strides)
            .rev()
            .all(|(&size, &stride)| {
                let fits = size == 1 || stride == expected;
                expected *= size;
                fits
            })
    }
}

impl<'a> Storages<'_, 'a> {
    fn tensor(&mut self, name: &str, view: &View) -> Result<Tensor<'a>, Problem> {
        let (kind, width) = kind(view.class);
        if matches!(kind, ElementKind::Other(_)) {
            return Ok(Tensor::new(kind, view.shape.clone(), Cow::Borrowed(&[])));
        }
        let file = format!("{}data/{}", self.folder, view.key);
        if !self.read.contains_key(&file) {
            let bytes = self.archive.file(&file, &mut self.budget)?;
            self.read.insert(file.clone(), bytes);
        }
        let storage = &self.read[&file];
        let extent = view.extent().filter(|&(_, end)| {
            end.checked_mul(width)
                .is_some_and(|end| end <= storage.len())
        });
        let Some((count, _)) = extent else {
            return refuse(
                name,
                format!(
                    "has shape {:?}, which is more than {file} holds",
                    view.shape
                ),
                "save the model again",
            );
        };
        let bytes = (count * width) as u64;
        let start = view.offset * width;
        let data = match storage {
            Cow::Borrowed(storage) if view.contiguous() => {
                Cow::Borrowed(&storage[start..start + count * width])
            }
            _ if self.budget.take(bytes).is_none() => {
                return refuse(
                    name,
                    "repeats elements far more often than a model of this file's size",
                    "save it again with .contiguous()",
                );
            }
            storage => Cow::Owned(gather(storage, view, count, width)),
        };
        Ok(Tensor::new(kind, view.shape.clone(), data))
    }
}

/// The elements of a view in C order.
fn gather(storage: &[u8], view: &View, count: usize, width: usize) -> Vec<u8> {
    let mut data = Vec::with_capacity(count * width);
    let mut place = vec![0; view.shape.len()];
    for _ in 0..count {
        let steps = place.iter().zip(&view.strides);
        let at = view.offset + steps.map(|(index, stride)| index * stride).sum::<usize>();
        data.extend_from_slice(&storage[at * width..][..width]);
        for (index, &size) in place.iter_mut().zip(&view.shape).rev() {
            *index += 1;
            if *index < size {
                break;
            }
            *index = 0;
        }
    }
    data
}
