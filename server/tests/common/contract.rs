//! Every call that the contract names, made with one text in every place that takes one.

use bytes::{Buf, BufMut};
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, string};
use prost_types::field_descriptor_proto::Type;
use prost_types::{DescriptorProto, FileDescriptorSet};
use std::collections::HashMap;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Request, Status};
use uuid::Uuid;

/// Messages as their bytes.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Raw;
    type Decoder = Raw;

    fn encoder(&mut self) -> Raw {
        Raw
    }

    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let length = from.remaining();
        Ok(Some(from.copy_to_bytes(length).to_vec()))
    }
}

/// What the contract says.
pub struct Contract {
    files: FileDescriptorSet,
    messages: HashMap<String, DescriptorProto>,
}

impl Contract {
    /// The one that the server serves.
    pub fn read() -> Contract {
        let files = FileDescriptorSet::decode(takings::FILE_DESCRIPTOR_SET).unwrap();
        let mut messages = HashMap::new();
        for file in &files.file {
            let parent = format!(".{}", file.package());
            file.message_type.iter().for_each(|it| index(&mut messages, &parent, it));
        }
        Contract { files, messages }
    }

    /// Every RPC of a service, or of all services of ours, such as `takings.v1.LeadService/GetLead`,
    /// with the message that it takes.
    fn calls(&self, service: Option<&str>) -> Vec<(String, &str)> {
        let ours = self.files.file.iter().filter(|file| file.package() == "takings.v1");
        let services = ours.flat_map(|file| &file.service);
        let wanted = services.filter(|it| service.is_none_or(|name| it.name() == name));
        let named = wanted.flat_map(|service| {
            let name = |method: &str| format!("takings.v1.{}/{method}", service.name());
            service.method.iter().map(move |it| (name(it.name()), it.input_type()))
        });
        named.collect()
    }

    /// The RPCs of a service, such as `takings.v1.LeadService/GetLead`.
    pub fn methods(&self, service: &str) -> Vec<String> {
        self.calls(Some(service)).into_iter().map(|(name, _)| name).collect()
    }

    /// Makes every call there is, with a text in each of its places, at any depth, but the id of the
    /// request. Answers the names of the calls, and how each ended.
    pub async fn call_all(&self, channel: &Channel, text: &str) -> Vec<(String, Option<Status>)> {
        let mut ended = Vec::new();
        for (name, input) in self.calls(None) {
            let mut client = Grpc::new(channel.clone());
            client.ready().await.unwrap();
            let path = PathAndQuery::try_from(format!("/{name}")).unwrap();
            let message = self.filled(&self.messages[input], text);
            let answer = client.unary::<_, Vec<u8>, _>(Request::new(message), path, Raw).await;
            ended.push((name, answer.err()));
        }
        ended
    }

    /// A message with a text in each of its places.
    fn filled(&self, message: &DescriptorProto, text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        for field in &message.field {
            let number = field.number() as u32;
            match field.r#type() {
                Type::String if field.name() == "request_id" => {
                    string::encode(number, &Uuid::new_v4().to_string(), &mut bytes);
                }
                Type::String => string::encode(number, &text.to_owned(), &mut bytes),
                Type::Message if field.type_name().starts_with(".takings.") => {
                    let inner = self.filled(&self.messages[field.type_name()], text);
                    encode_key(number, WireType::LengthDelimited, &mut bytes);
                    encode_varint(inner.len() as u64, &mut bytes);
                    bytes.extend(inner);
                }
                _ => {}
            }
        }
        bytes
    }
}

/// Notes a message and those within it, by their whole names.
fn index(messages: &mut HashMap<String, DescriptorProto>, parent: &str, message: &DescriptorProto) {
    let name = format!("{parent}.{}", message.name());
    message.nested_type.iter().for_each(|it| index(messages, &name, it));
    messages.insert(name, message.clone());
}
