//! Last states of layers that read from the end, alone or beside forward ones: `Y_h`, and parts of it.

/// The last state of one direction of a layer: the network, the number of the layer, whether the direction is backward.
pub(super) type StateOf = (String, usize, bool);

/// How last states lie in a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StateForm {
    /// One behind the other on this axis of so many, `Y_h` itself.
    Stacked { axis: i64, rank: i64 },
    /// In one vector, side by side.
    Beside,
    /// Moved about in a way that is not understood.
    Unclear,
}

impl StateForm {
    /// `Y_h` of a node: `[directions, batch, hidden]`, or with `layout = 1` `[batch, directions, hidden]`.
    const fn of_layout(layout: i64) -> Self {
        Self::Stacked {
            axis: layout,
            rank: 3,
        }
    }

    /// Behind a transposition.
    pub(super) fn turned(self, order: &[i64]) -> Option<Self> {
        let Self::Stacked { axis, rank } = self else {
            return None;
        };
        let at = order.iter().position(|&from| from == axis)?;
        (order.len() as i64 == rank).then_some(Self::Stacked {
            axis: at as i64,
            rank,
        })
    }

    /// Without axes, none of them that of the states, which have one element.
    pub(super) fn squeezed(self, axes: &[i64]) -> Option<Self> {
        let Self::Stacked { axis, rank } = self else {
            return None;
        };
        let axes: Vec<i64> = axes.iter().map(|&at| counted(at, rank)).collect();
        (!axes.contains(&axis)).then(|| Self::Stacked {
            axis: axis - axes.iter().filter(|&&at| at < axis).count() as i64,
            rank: rank - axes.len() as i64,
        })
    }
}

/// An axis counted from the first.
const fn counted(axis: i64, rank: i64) -> i64 {
    if axis < 0 { axis + rank } else { axis }
}

/// Last states of layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LastStates {
    pub(super) of: Vec<StateOf>,
    pub(super) form: StateForm,
}

impl LastStates {
    /// Those of a layer, `Y_h`, in this layout.
    pub(super) fn of_layer(title: &str, index: usize, both: bool, layout: i64) -> Self {
        let state = |backward| (title.to_owned(), index, backward);
        Self {
            of: [false, true][usize::from(!both)..]
                .iter()
                .map(|&backward| state(backward))
                .collect(),
            form: StateForm::of_layout(layout),
        }
    }

    /// Those of them that are numbered, one behind the other as before.
    pub(super) fn taken(&self, numbers: impl Iterator<Item = i64>) -> Option<Self> {
        let count = self.of.len() as i64;
        let taken = numbers.map(|number| {
            let number = if number < 0 { number + count } else { number };
            let number = usize::try_from(number).ok()?;
            self.of.get(number).cloned()
        });
        let of: Vec<StateOf> = taken.collect::<Option<_>>()?;
        let form = self.form;
        (!of.is_empty()).then_some(Self { of, form })
    }

    /// The same in another form.
    pub(super) fn formed(&self, form: StateForm) -> Self {
        let of = self.of.clone();
        Self { of, form }
    }

    /// Its states are on this axis.
    pub(super) fn is_on(&self, wanted: i64) -> bool {
        matches!(self.form, StateForm::Stacked { axis, rank } if axis == counted(wanted, rank))
    }

    /// The states of some sequences alone, which are those on this axis, or of one, without the axis.
    pub(super) fn of_sequences(&self, at: i64, away: bool) -> Option<Self> {
        let form = match self.form {
            StateForm::Beside if at == 0 => self.form,
            StateForm::Stacked { rank, .. } if counted(at, rank) + 1 < rank => {
                if away {
                    self.form.squeezed(&[at])?
                } else {
                    self.form
                }
            }
            _ => return None,
        };
        Some(self.formed(form))
    }

    /// In one vector, side by side, if a reshape puts them so: one state, or several before the last axis.
    pub(super) fn beside(&self) -> Option<Self> {
        let flat = match self.form {
            StateForm::Stacked { axis, rank } => self.of.len() == 1 || axis + 2 == rank,
            StateForm::Beside => true,
            StateForm::Unclear => false,
        };
        flat.then(|| self.formed(StateForm::Beside))
    }
}

/// Several values one behind the other.
pub(super) fn side_by_side(parts: &[&LastStates], axis: i64) -> Option<LastStates> {
    let form = parts[0].form;
    let single = parts.iter().all(|part| part.of.len() == 1);
    let joined = match form {
        StateForm::Beside if axis != 0 => form,
        StateForm::Stacked { rank, .. } if single && counted(axis, rank) + 1 == rank => {
            StateForm::Beside
        }
        StateForm::Stacked { .. } if parts[0].is_on(axis) => form,
        _ => return None,
    };
    let same = parts.iter().all(|part| part.form == form);
    same.then(|| LastStates {
        of: parts
            .iter()
            .flat_map(|part| part.of.iter().cloned())
            .collect(),
        form: joined,
    })
}
