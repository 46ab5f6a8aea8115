//! The only place that turns failures into answers: problem documents (RFC 9457).

use super::Answer;
use crate::failure::Failure;
use protocol::Problem;

impl Answer {
    /// The problem document of a failure.
    pub(crate) fn problem(failure: &Failure, request_id: &str) -> Self {
        let problem = Problem::new(failure.code, &failure.detail, request_id);
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut answer = Self::new(failure.code.status(), "application/problem+json", body);
        answer.code = Some(failure.code);
        if let Some(seconds) = failure.retry_after_s {
            answer.headers.push(("retry-after", seconds.to_string().into()));
        }
        answer
    }
}
