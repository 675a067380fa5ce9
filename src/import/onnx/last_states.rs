//! Last states of layers that read from the end, alone or beside forward ones: `Y_h`, and parts of it.

/// The last state of one direction of a layer: the network, the number of the layer, whether the direction is backward.
pub(super) type StateOf = (String, usize, bool);

/// How last states lie in a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StateForm {
    /// One behind the other on this axis, `Y_h` itself.
    Stacked(i64),
    /// The same, before the last axis.
    Before,
    /// In one vector, side by side.
    Beside,
}

/// Last states of layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LastStates {
    pub(super) of: Vec<StateOf>,
    pub(super) form: StateForm,
}

impl LastStates {
    /// Those of a layer, `Y_h`, its directions on an axis.
    pub(super) fn of_layer(title: &str, index: usize, both: bool, axis: i64) -> Self {
        let state = |backward| (title.to_owned(), index, backward);
        Self {
            of: [false, true][usize::from(!both)..]
                .iter()
                .map(|&backward| state(backward))
                .collect(),
            form: StateForm::Stacked(axis),
        }
    }

    /// Those of them that are numbered, in that form.
    pub(super) fn taken(
        &self,
        numbers: impl Iterator<Item = i64>,
        form: StateForm,
    ) -> Option<Self> {
        let count = self.of.len() as i64;
        let taken = numbers.map(|number| {
            let number = if number < 0 { number + count } else { number };
            let number = usize::try_from(number).ok()?;
            self.of.get(number).cloned()
        });
        let of: Vec<StateOf> = taken.collect::<Option<_>>()?;
        let form = if of.len() == 1 {
            StateForm::Beside
        } else {
            form
        };
        (!of.is_empty()).then_some(Self { of, form })
    }

    /// The axis that its states are on.
    pub(super) fn is_on(&self, axis: i64) -> bool {
        self.form == StateForm::Stacked(axis)
    }

    /// In one vector, side by side, if a reshape puts them so.
    pub(super) fn beside(&self) -> Option<Self> {
        let flat = self.of.len() == 1 || !self.is_on(0);
        flat.then(|| Self {
            of: self.of.clone(),
            form: StateForm::Beside,
        })
    }
}

/// Several values one behind the other.
pub(super) fn side_by_side(parts: &[&LastStates], axis: i64) -> Option<LastStates> {
    let form = match parts[0].form {
        StateForm::Beside if axis != 0 => StateForm::Beside,
        StateForm::Stacked(at) if axis == at => StateForm::Stacked(at),
        _ => return None,
    };
    let same = parts.iter().all(|part| part.form == form);
    same.then(|| LastStates {
        of: parts
            .iter()
            .flat_map(|part| part.of.iter().cloned())
            .collect(),
        form,
    })
}
