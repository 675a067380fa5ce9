//! The better direction of a measure: by its name, or because somebody says so.

/// Words of which a smaller value is the better one.
const DOWN: &str = "perplexity ppl ppw bits bit bpc bpw bpt nats nll loss ce xent crossentropy entropy error \
    errors err rmse nrmse mse nmse mae mape smape mase msle wer cer per ter eer fpr fnr \
    brier kl divergence distance distortion deviation residual mistakes misses regret";
/// Words of which a larger value is the better one.
const UP: &str = "accuracy accuracies acc f1 fscore precision recall auc auroc auprc roc map ap snr sdr \
    sisdr psnr ssim sqnr r2 bleu rouge mcc kappa iou dice pesq stoi correlation pearson \
    spearman nse sensitivity specificity top1 top5";
/// Words that turn the meaning of others round.
const TURNED: &str = "neg negative minus negated inverse one";

/// `true` if the larger value of `metric` is the better one; `None` where its name does not say, or says
/// both.
#[must_use]
pub fn of_name(metric: &str) -> Option<bool> {
    let name = metric.to_ascii_lowercase();
    let words = || name.split(|letter: char| !letter.is_ascii_alphanumeric());
    let any = |list: &str| words().any(|word| list.split_whitespace().any(|own| own == word));
    match (any(UP), any(DOWN)) {
        _ if any(TURNED) => None,
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
