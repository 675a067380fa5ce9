//! Python pickles, as data: nothing is looked up, called or executed.
//!
//! Values lie in one list and name one another by place, so that a file nested without end costs no
//! stack, and no more memory than a multiple of its own length.

mod structure;

/// A value of a pickle.
#[derive(Clone, Debug, PartialEq)]
pub enum PickleValue {
    /// A value that matters to no state dict: a float, bytes, an unknown object.
    Opaque,
    None,
    Int(i64),
    Text(String),
    Tuple(Vec<usize>),
    List(Vec<usize>),
    Dict(Vec<(usize, usize)>),
    /// A name to be imported: module and name.
    Global(String),
    /// Something kept outside the pickle, by its description.
    Persistent(usize),
    /// A call that Python would make: what, and with which arguments.
    Call(usize, usize),
}

/// All values of a pickle, and which of them it is.
#[derive(Debug)]
pub struct Pickle {
    values: Vec<PickleValue>,
    root: usize,
}

impl Pickle {
    /// The value itself.
    pub fn root(&self) -> &PickleValue {
        &self.values[self.root]
    }

    /// A value that another one names.
    pub fn get(&self, place: usize) -> &PickleValue {
        &self.values[place]
    }

    /// The names that it would import.
    pub fn globals(&self) -> impl Iterator<Item = &str> {
        self.values.iter().filter_map(|value| match value {
            PickleValue::Global(name) => Some(&**name),
            _ => None,
        })
    }
}

/// Reads a pickle of protocol 0 to 5, as far as state dicts use them.
pub fn read(bytes: &[u8]) -> Result<Pickle, String> {
    let mut machine = Machine {
        bytes,
        at: 0,
        values: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: std::collections::BTreeMap::new(),
    };
    loop {
        let place = machine.at;
        match machine.step() {
            Ok(false) => {}
            Ok(true) => break,
            Err(problem) => return Err(format!("byte {place}: {problem}")),
        }
    }
    let root = machine.pop().map_err(|problem| format!("end: {problem}"))?;
    Ok(Pickle {
        values: machine.values,
        root,
    })
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    values: Vec<PickleValue>,
    stack: Vec<usize>,
    marks: Vec<usize>,
    memo: std::collections::BTreeMap<u64, usize>,
}

type Loaded<T> = Result<T, String>;

impl<'a> Machine<'a> {
    fn take(&mut self, count: usize) -> Loaded<&'a [u8]> {
        let end = self.at.checked_add(count);
        let Some(bytes) = end.and_then(|end| self.bytes.get(self.at..end)) else {
            return Err("the pickle is cut short".into());
        };
        self.at += count;
        Ok(bytes)
    }

    /// A little-endian number of `count` bytes, at most 8.
    fn number(&mut self, count: usize) -> Loaded<u64> {
        let bytes = self.take(count)?;
        Ok(bytes
            .iter()
            .rev()
            .fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    fn counted(&mut self, length: usize) -> Loaded<&'a [u8]> {
        let count = self.number(length)?;
        self.take(usize::try_from(count).map_err(|error| error.to_string())?)
    }

    fn line(&mut self) -> Loaded<&'a str> {
        let rest = &self.bytes[self.at..];
        let Some(end) = rest.iter().position(|&byte| byte == b'\n') else {
            return Err("the pickle is cut short".into());
        };
        self.at += end + 1;
        std::str::from_utf8(&rest[..end]).map_err(|error| error.to_string())
    }

    fn push(&mut self, value: PickleValue) {
        self.values.push(value);
        self.stack.push(self.values.len() - 1);
    }

    fn text(&mut self, bytes: &[u8]) {
        self.push(PickleValue::Text(
            String::from_utf8_lossy(bytes).into_owned(),
        ));
    }

    /// The topmost value, above the last mark.
    fn pop(&mut self) -> Loaded<usize> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err("a value is missing".into());
        }
        self.stack.pop().ok_or_else(|| "a value is missing".into())
    }

    fn top(&self) -> Loaded<usize> {
        self.stack
            .last()
            .copied()
            .ok_or("a value is missing".into())
    }

    fn above_mark(&mut self) -> Loaded<Vec<usize>> {
        let mark = self.marks.pop().ok_or("a mark is missing")?;
        Ok(self.stack.split_off(mark))
    }

    fn tuple(&mut self, count: usize) -> Loaded<()> {
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(self.pop()?);
        }
        items.reverse();
        self.push(PickleValue::Tuple(items));
        Ok(())
    }

    fn append(&mut self, items: Vec<usize>) -> Loaded<()> {
        let list = self.top()?;
        if let PickleValue::List(list) = &mut self.values[list] {
            list.extend(items);
        }
        Ok(())
    }

    fn set_items(&mut self, items: &[usize]) -> Loaded<()> {
        let dict = self.top()?;
        let (pairs, rest) = items.as_chunks::<2>();
        if !rest.is_empty() {
            return Err("a key has no value".into());
        }
        if let PickleValue::Dict(dict) = &mut self.values[dict] {
            dict.extend(pairs.iter().map(|&[key, value]| (key, value)));
        }
        Ok(())
    }

    fn remember(&mut self, key: u64) -> Loaded<()> {
        let top = self.top()?;
        self.memo.insert(key, top);
        Ok(())
    }

    fn recall(&mut self, key: u64) -> Loaded<()> {
        let place = *self.memo.get(&key).ok_or("a memo that was not set")?;
        self.stack.push(place);
        Ok(())
    }

    /// A call becomes a value that names it; of an ordered dictionary, an empty one.
    fn call(&mut self) -> Loaded<()> {
        let arguments = self.pop()?;
        let callee = self.pop()?;
        let dict = matches!(&self.values[callee], PickleValue::Global(name)
            if name == "collections.OrderedDict" || name == "builtins.dict");
        self.push(if dict {
            PickleValue::Dict(Vec::new())
        } else {
            PickleValue::Call(callee, arguments)
        });
        Ok(())
    }

    fn decimal(&mut self) -> Loaded<()> {
        let line = self.line()?.trim_end_matches('L');
        // `I01` and `I00` are the truth values of protocol 0.
        self.push(line.parse().map_or(PickleValue::Opaque, PickleValue::Int));
        Ok(())
    }

    /// One operation; whether it was the last.
    fn step(&mut self) -> Loaded<bool> {
        match self.number(1)? as u8 {
            b'.' => return Ok(true),
            0x80 => {
                let protocol = self.number(1)?;
                if protocol > 5 {
                    return Err(format!("protocol {protocol}; 0 to 5 are known"));
                }
            }
            0x95 => drop(self.take(8)?),
            b'(' => self.marks.push(self.stack.len()),
            b'0' => drop(self.pop()?),
            b'1' => drop(self.above_mark()?),
            b'2' => {
                let top = self.top()?;
                self.stack.push(top);
            }
            code => self.constant(code)?,
        }
        Ok(false)
    }

    /// Numbers.
    fn constant(&mut self, code: u8) -> Loaded<()> {
        match code {
            b'N' => self.push(PickleValue::None),
            0x88 => self.push(PickleValue::Int(1)),
            0x89 => self.push(PickleValue::Int(0)),
            b'J' => {
                let number = self.number(4)? as u32;
                self.push(PickleValue::Int(i64::from(number.cast_signed())));
            }
            b'K' | b'M' => {
                let number = self.number(if code == b'K' { 1 } else { 2 })?;
                self.push(PickleValue::Int(number as i64));
            }
            b'I' | b'L' => self.decimal()?,
            0x8a | 0x8b => {
                let bytes = self.counted(if code == 0x8a { 1 } else { 4 })?;
                self.long(bytes);
            }
            b'F' => {
                self.line()?;
                self.push(PickleValue::Opaque);
            }
            b'G' => {
                self.take(8)?;
                self.push(PickleValue::Opaque);
            }
            code => self.bytes(code)?,
        }
        Ok(())
    }

    /// Texts, and bytes that are of no interest.
    fn bytes(&mut self, code: u8) -> Loaded<()> {
        // How many bytes the length has.
        let length = match code {
            0x8c | b'U' | b'C' => 1,
            b'X' | b'T' | b'B' => 4,
            0x8d | 0x8e | 0x96 => 8,
            b'V' | b'S' => {
                let line = self.line()?.trim_matches('\'').to_owned();
                self.push(PickleValue::Text(line));
                return Ok(());
            }
            code => return self.structure(code),
        };
        let bytes = self.counted(length)?;
        match code {
            b'B' | b'C' | 0x8e | 0x96 => self.push(PickleValue::Opaque),
            _ => self.text(bytes),
        }
        Ok(())
    }

    /// An integer of any length; one that 64 bits do not hold is of no interest.
    fn long(&mut self, bytes: &[u8]) {
        let negative = bytes.last().is_some_and(|byte| byte >> 7 == 1);
        let mut word = [if negative { 0xff } else { 0 }; 8];
        if bytes.len() > 8 {
            return self.push(PickleValue::Opaque);
        }
        word[..bytes.len()].copy_from_slice(bytes);
        self.push(PickleValue::Int(i64::from_le_bytes(word)));
    }
}

#[cfg(test)]
mod tests;
