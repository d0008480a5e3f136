//! A site under watch: every request is recorded, faults are injected, and a checker may ask for both.
//!
//! The paths under `/.lab/` belong to the checker: `GET /.lab/record` and `DELETE /.lab/record`, `GET`, `POST` (one fault
//! or a list) and `DELETE /.lab/faults`. They are neither recorded nor subject to faults.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::StatusCode;
use serde_json::{Value, json};

use super::fault::{Fault, Faults, Kind};
use super::forms::{decode, pairs};
use super::message::{
    Answering, Request, ResetMark, Response, Site, bytes, empty, json as json_answer, reset_connection, text,
    with_header, with_reason,
};
use super::record::{Entry, Note, Record, is_secret, now};

/// A site with its record and its faults.
pub struct Watched {
    site: Arc<dyn Site>,
    /// What was asked.
    pub record: Arc<Record>,
    /// What goes wrong.
    pub faults: Arc<Faults>,
    /// The host name that the checker's paths are at; every name when absent.
    checker: Option<&'static str>,
}

impl Watched {
    /// Puts `site` under watch.
    pub fn new(site: Arc<dyn Site>, record: Arc<Record>, faults: Arc<Faults>) -> Self {
        Self { site, record, faults, checker: None }
    }

    /// The same, with the checker's paths at one host name only: sites below may be under a watch of their own.
    #[must_use]
    pub fn checked_at(self, host: &'static str) -> Self {
        Self { checker: Some(host), ..self }
    }

    async fn carry_out(&self, mut request: Request, fault: Option<&Kind>) -> Response {
        match fault {
            Some(Kind::Reset) => reset_connection(),
            Some(Kind::Status { status, reason, body, headers }) => {
                refuse(request, *status, reason.as_deref(), body.as_deref(), headers).await
            }
            Some(Kind::Garbage) => {
                bytes(StatusCode::OK, "application/json", &b"\x00\xff<html>{\"data\": [tr"[..])
            }
            Some(Kind::LostReply) => {
                self.site.answer(request).await;
                reset_connection()
            }
            Some(Kind::Delay { millis }) => {
                tokio::time::sleep(Duration::from_millis(*millis)).await;
                self.site.answer(request).await
            }
            Some(Kind::CutBody { bytes }) => {
                drain(&mut request, *bytes).await;
                reset_connection()
            }
            Some(Kind::CutReply { bytes }) => cut(self.site.answer(request).await, *bytes).await,
            None => self.site.answer(request).await,
        }
    }

    async fn control(&self, mut request: Request) -> Response {
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/.lab/record") => json_answer(StatusCode::OK, &json!(self.record.entries())),
            ("DELETE", "/.lab/record") => {
                self.record.clear();
                empty(StatusCode::NO_CONTENT)
            }
            ("GET", "/.lab/faults") => json_answer(StatusCode::OK, &json!(self.faults.list())),
            ("DELETE", "/.lab/faults") => {
                self.faults.clear();
                empty(StatusCode::NO_CONTENT)
            }
            ("POST", "/.lab/faults") => match request.read(1 << 20).await.and_then(|body| read_faults(&body))
            {
                Ok(faults) => {
                    faults.into_iter().for_each(|fault| self.faults.add(fault));
                    empty(StatusCode::NO_CONTENT)
                }
                Err(error) => text(StatusCode::BAD_REQUEST, format!("not a fault list: {error:#}\n")),
            },
            _ => self.site.answer(request).await,
        }
    }
}

impl Site for Watched {
    fn answer(&self, request: Request) -> Answering<'_> {
        Box::pin(async move {
            if request.path.starts_with("/.lab/") {
                return match self.checker {
                    Some(host) if host != request.host => self.site.answer(request).await,
                    _ => self.control(request).await,
                };
            }
            let note = Note::default();
            let mut entry = entry(&request);
            let fault = self.faults.due(&entry.method, &entry.path);
            let response = self.carry_out(Request { note: note.clone(), ..request }, fault.as_ref()).await;
            entry.params.extend(note.take());
            let lost = response.extensions().get::<ResetMark>().is_some();
            entry.status = if lost { 0 } else { response.status().as_u16() };
            entry.fault = fault.map(|kind| kind.name().to_owned());
            self.record.add(entry);
            response
        })
    }
}

fn entry(request: &Request) -> Entry {
    let params = pairs(&request.query);
    Entry {
        at: now(),
        peer: request.peer.ip().to_string(),
        method: request.method.to_string(),
        host: request.host.clone(),
        path: decode(&request.path),
        secrets_in_url: params.iter().map(|(name, _)| name.clone()).filter(|name| is_secret(name)).collect(),
        params,
        status: 0,
        fault: None,
    }
}

fn read_faults(body: &Bytes) -> anyhow::Result<Vec<Fault>> {
    let value: Value = serde_json::from_slice(body)?;
    Ok(match value {
        Value::Array(_) => serde_json::from_value(value)?,
        one => vec![serde_json::from_value(one)?],
    })
}

async fn refuse(
    mut request: Request,
    status: u16,
    reason: Option<&str>,
    body: Option<&str>,
    headers: &[(String, String)],
) -> Response {
    // The body is read so that the client gets the answer and not a broken pipe.
    drain(&mut request, u64::MAX).await;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = bytes(status, "application/json", body.unwrap_or("{\"data\":null}").to_owned());
    for (name, value) in headers {
        response = with_header(response, name, value);
    }
    match reason {
        Some(reason) => with_reason(response, reason),
        None => response,
    }
}

async fn drain(request: &mut Request, limit: u64) {
    let mut seen = 0;
    while seen < limit {
        let Some(Ok(frame)) = request.body.frame().await else { return };
        seen += frame.data_ref().map_or(0, |data| data.len() as u64);
    }
}

/// The same answer, of which only the first bytes are sent although its length promises all.
async fn cut(response: Response, limit: u64) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(whole) = body.collect().await else { return reset_connection() };
    let whole = whole.to_bytes();
    let kept = usize::try_from(limit).map_or(whole.len(), |limit| limit.min(whole.len()));
    parts.headers.insert(hyper::header::CONTENT_LENGTH, whole.len().into());
    Response::from_parts(parts, CutBody { data: Some(whole.slice(..kept)) }.boxed())
}

/// A body that gives its data and then breaks.
struct CutBody {
    data: Option<Bytes>,
}

impl hyper::body::Body for CutBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, std::io::Error>>> {
        std::task::Poll::Ready(Some(match self.data.take() {
            Some(data) => Ok(hyper::body::Frame::data(data)),
            None => Err(std::io::ErrorKind::ConnectionReset.into()),
        }))
    }
}
