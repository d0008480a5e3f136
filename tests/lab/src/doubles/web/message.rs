//! What a site sees of a request and how it builds an answer.

use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;

use anyhow::{Context, Result, bail};
use bytes::{Bytes, BytesMut};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Frame, SizeHint};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use serde_json::Value;
use tokio::io::ReadBuf;

use super::record::Note;

/// The body of a message in either direction: whole in memory or streamed.
pub type Body = BoxBody<Bytes, std::io::Error>;

/// An answer.
pub type Response = hyper::Response<Body>;

/// The future that gives an answer.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Response> + Send + 'a>>;

/// Something that answers requests: a double, a tree of files, a proxy.
pub trait Site: Send + Sync + 'static {
    /// Answers one request. It never fails: an error is an answer with its status.
    fn answer(&self, request: Request) -> Answering<'_>;
}

/// One request, as far as a site needs it.
pub struct Request {
    /// The method.
    pub method: Method,
    /// The host name that was asked, lower case, without port.
    pub host: String,
    /// The path as it came: still percent-encoded, without the query.
    pub path: String,
    /// The query as it came, without the question mark; empty when there is none.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// Who asks.
    pub peer: SocketAddr,
    /// Where the site notes the parameters that it read from the body, for the record.
    pub note: Note,
    /// The body, not read yet.
    pub body: Body,
}

impl Request {
    /// A header's value, when it is there and is plain text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Reads the whole body into memory. Errors when it is cut off or longer than `limit` bytes.
    pub async fn read(&mut self, limit: usize) -> Result<Bytes> {
        let mut collected = BytesMut::new();
        while let Some(frame) = self.body.frame().await {
            let frame = frame.context("the request's body was cut off")?;
            let Ok(data) = frame.into_data() else { continue };
            if collected.len() + data.len() > limit {
                bail!("the request's body is longer than {limit} bytes");
            }
            collected.extend_from_slice(&data);
        }
        Ok(collected.freeze())
    }
}

/// A body that is whole in memory.
pub fn full(data: impl Into<Bytes>) -> Body {
    Full::new(data.into()).map_err(|never| match never {}).boxed()
}

/// An answer with a body in memory.
pub fn bytes(status: StatusCode, media_type: &str, data: impl Into<Bytes>) -> Response {
    let mut response = Response::new(full(data));
    *response.status_mut() = status;
    with_header(response, CONTENT_TYPE.as_str(), media_type)
}

/// An answer with a JSON body.
pub fn json(status: StatusCode, value: &Value) -> Response {
    bytes(status, "application/json;charset=UTF-8", value.to_string())
}

/// An answer with a text body.
pub fn text(status: StatusCode, data: impl Into<String>) -> Response {
    bytes(status, "text/plain; charset=utf-8", data.into())
}

/// An answer without a body.
pub fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(full(Bytes::new()));
    *response.status_mut() = status;
    response
}

/// The same answer with one more header. A value that is not a legal header value is left out.
pub fn with_header(mut response: Response, name: &str, value: &str) -> Response {
    if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// The same answer with its own text in the status line, as Proxmox VE gives its reasons.
pub fn with_reason(mut response: Response, reason: &str) -> Response {
    let line = reason.lines().next().unwrap_or_default();
    if let Ok(reason) = hyper::ext::ReasonPhrase::try_from(line.as_bytes().to_vec()) {
        response.extensions_mut().insert(reason);
    }
    response
}

/// Marks an answer that shall not be sent: the connection is reset in its place.
#[derive(Clone, Copy)]
pub(super) struct ResetMark;

/// An answer that resets the connection.
pub fn reset_connection() -> Response {
    let mut response = empty(StatusCode::OK);
    response.extensions_mut().insert(ResetMark);
    response
}

/// An answer that streams a file. Errors when the file cannot be opened.
pub async fn file(path: &Path, media_type: &str) -> Result<Response> {
    let opened =
        tokio::fs::File::open(path).await.with_context(|| format!("cannot open {}", path.display()))?;
    let length = opened.metadata().await?.len();
    let response = Response::new(FileBody { file: opened, left: length }.boxed());
    let response = with_header(response, CONTENT_LENGTH.as_str(), &length.to_string());
    Ok(with_header(response, CONTENT_TYPE.as_str(), media_type))
}

/// A file that is read while it is sent.
struct FileBody {
    file: tokio::fs::File,
    left: u64,
}

impl hyper::body::Body for FileBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        use std::task::Poll;
        use tokio::io::AsyncRead;
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let mut buffer = vec![0; usize::try_from(self.left.min(256 * 1024)).unwrap_or(256 * 1024)];
        let mut window = ReadBuf::new(&mut buffer);
        match Pin::new(&mut self.file).poll_read(context, &mut window) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => Poll::Ready(Some(Err(error))),
            Poll::Ready(Ok(())) => {
                let count = window.filled().len();
                if count == 0 {
                    return Poll::Ready(Some(Err(std::io::ErrorKind::UnexpectedEof.into())));
                }
                buffer.truncate(count);
                self.left = self.left.saturating_sub(count as u64);
                Poll::Ready(Some(Ok(Frame::data(Bytes::from(buffer)))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
