//! The beats of a core against those it should have given: words, TLAST, cycles.

use super::super::dut::Capture;
use super::super::outcome::{Agreement, Difference};
use super::super::stimulus::{beat_bytes, signed_field};
use super::run::{Run, Stop};

impl Run<'_> {
    /// Compares the beats of a capture that begins with a step's first beat.
    pub(super) fn check_beats(&mut self, capture: &Capture) -> Result<(), Stop> {
        let port = &self.interface.output;
        let bytes = beat_bytes(port);
        for (index, beat) in capture.data.chunks_exact(bytes).enumerate() {
            let answer = self.finished.len();
            let step = self.step_of(answer);
            let place = index % port.beats_per_step;
            let first = place * port.elements_per_beat;
            let used = port.elements_per_beat.min(port.elements - first);
            let model = &self.expected[answer * port.elements + first..][..used];
            for (element, &model) in model.iter().enumerate() {
                let hardware = signed_field(beat, element, port.element_width);
                let model = i64::from(model);
                if hardware != model {
                    let element = first + element;
                    return Err(Stop::Difference(Difference::Word {
                        step,
                        element,
                        hardware,
                        model,
                    }));
                }
            }
            if beat[used * port.element_width / 8..]
                .iter()
                .any(|&byte| byte != 0)
            {
                return Err(Stop::Difference(Difference::Padding { step }));
            }
            self.check_cycle(capture.taken[index])
                .map_err(Stop::Difference)?;
            let end = place + 1 == port.beats_per_step;
            let (hardware, model) = (capture.last[index] != 0, end && self.stimulus.last[step]);
            if hardware != model {
                let beat = place;
                return Err(Stop::Difference(Difference::Last {
                    step,
                    beat,
                    hardware,
                    model,
                }));
            }
            if end {
                self.finished.push(capture.taken[index]);
            }
        }
        Ok(())
    }

    /// Compares the cycle of the next beat, which left in `measured`.
    fn check_cycle(&mut self, measured: u64) -> Result<(), Difference> {
        let (beat, step) = (self.beats, self.step_of(self.finished.len()));
        self.beats += 1;
        let stated = match (&mut self.forecast, self.stated) {
            (Some(forecast), _) => {
                let masks = (&self.offer, &self.take);
                forecast.next_beat(&self.flags, masks, measured + self.quiet_limit)
            }
            (None, Some((at, cycle))) if at == beat => cycle,
            _ => return Ok(()),
        };
        if stated == Some(measured) {
            return Ok(());
        }
        Err(Difference::Beat {
            step,
            beat,
            measured,
            stated,
        })
    }

    /// Compares the measured cycles with the stated ones and notes them.
    pub(super) fn timing(&self, agreement: &mut Agreement) -> Result<(), Difference> {
        let timing = &self.interface.timing;
        if let (Some(start), Some(end)) = (self.first_accepted, self.finished.first()) {
            let measured = end - start + 1;
            if measured != timing.latency {
                return Err(Difference::Latency {
                    measured,
                    stated: timing.latency,
                });
            }
            agreement.latency = Some(measured);
        }
        for step in 1..self.finished.len() {
            let measured = self.finished[step] - self.finished[step - 1];
            let stated = timing.distance(step);
            if measured != stated {
                return Err(Difference::CyclesPerStep {
                    step,
                    measured,
                    stated,
                });
            }
            agreement.cycles_per_step = Some(timing.cycles_per_step);
        }
        Ok(())
    }
}
