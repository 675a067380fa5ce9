//! Entry point: hands the command line to [`lprnn_hw::cli`] and exits with its code.

fn main() -> std::process::ExitCode {
    lprnn_hw::cli::run()
}
