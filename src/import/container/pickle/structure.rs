//! Operations that put values together.

use super::{Loaded, Machine, PickleValue};

impl Machine<'_> {
    /// Containers, the memo, and objects that Python would look up and call.
    pub(super) fn structure(&mut self, code: u8) -> Loaded<()> {
        match code {
            b')' => self.push(PickleValue::Tuple(Vec::new())),
            b']' => self.push(PickleValue::List(Vec::new())),
            b'}' => self.push(PickleValue::Dict(Vec::new())),
            0x8f => self.push(PickleValue::Opaque),
            b't' => {
                let items = self.above_mark()?;
                self.push(PickleValue::Tuple(items));
            }
            b'l' => {
                let items = self.above_mark()?;
                self.push(PickleValue::List(items));
            }
            b'd' => {
                let items = self.above_mark()?;
                self.push(PickleValue::Dict(Vec::new()));
                self.set_items(&items)?;
            }
            0x91 => {
                self.above_mark()?;
                self.push(PickleValue::Opaque);
            }
            0x85..=0x87 => self.tuple(usize::from(code - 0x84))?,
            b'a' => {
                let item = self.pop()?;
                self.append(vec![item])?;
            }
            b'e' => {
                let items = self.above_mark()?;
                self.append(items)?;
            }
            0x90 => drop(self.above_mark()?),
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.set_items(&[key, value])?;
            }
            b'u' => {
                let items = self.above_mark()?;
                self.set_items(&items)?;
            }
            code => self.memo(code)?,
        }
        Ok(())
    }

    /// Values to come back to.
    fn memo(&mut self, code: u8) -> Loaded<()> {
        match code {
            b'q' | b'r' => {
                let key = self.number(if code == b'q' { 1 } else { 4 })?;
                self.remember(key)?;
            }
            0x94 => self.remember(self.memo.len() as u64)?,
            b'h' | b'j' => {
                let key = self.number(if code == b'h' { 1 } else { 4 })?;
                self.recall(key)?;
            }
            code => self.object(code)?,
        }
        Ok(())
    }

    fn object(&mut self, code: u8) -> Loaded<()> {
        match code {
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.push(PickleValue::Global(format!("{module}.{name}")));
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let text = |value: &PickleValue| match value {
                    PickleValue::Text(text) => text.clone(),
                    _ => "?".into(),
                };
                let global = format!(
                    "{}.{}",
                    text(&self.values[module]),
                    text(&self.values[name])
                );
                self.push(PickleValue::Global(global));
            }
            b'Q' => {
                let description = self.pop()?;
                self.push(PickleValue::Persistent(description));
            }
            b'R' | 0x81 => self.call()?,
            0x92 => {
                self.pop()?;
                self.call()?;
            }
            // What an object is filled with: of no interest.
            b'b' => drop(self.pop()?),
            other => return Err(format!("operation {other:#04x} is not known")),
        }
        Ok(())
    }
}
