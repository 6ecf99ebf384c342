//! Python programs as judges and as callers.

use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A program of `server/tests/python`, ready to run; none where there is no Python with the
/// packages these tests need, which is then reported.
pub fn program(name: &str) -> Option<Command> {
    let mut command = interpreter(name)?;
    command.arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/python").join(name));
    Some(command)
}

/// The interpreter that has the packages.
pub fn interpreter(test: &str) -> Option<Command> {
    let Some(python) = takings_testkit::python() else {
        takings_testkit::skip(
            test,
            "there is no Python with the packages: run it by `cargo xtask test`",
        );
        return None;
    };
    Some(Command::new(python))
}

/// A program that answers one line of JSON for every line of JSON.
pub struct Dialogue {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Dialogue {
    /// Starts it.
    pub fn start(mut program: Command) -> Dialogue {
        let piped = program.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        let questions = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Dialogue { child, questions, answers }
    }

    /// Asks, and waits for the answer.
    pub fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.questions, "{question}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("no answer to {question}"))
    }
}

impl Drop for Dialogue {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
