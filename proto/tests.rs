//! What Buf does not check: how comments begin, and that the reasons they name exist.

use super::FILE_DESCRIPTOR_SET;
use super::v1::ErrorReason;
use prost::Message;
use prost_types::{DescriptorProto, FileDescriptorProto, FileDescriptorSet};
use std::collections::BTreeSet;

const PREFIX: &str = "ERROR_REASON_";

/// An element's name and the comment before it.
type Comment = (String, String);

fn files() -> Vec<FileDescriptorProto> {
    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
    set.file.into_iter().filter(|file| file.package() == "takings.v1").collect()
}

fn comments() -> Vec<Comment> {
    files().iter().flat_map(comments_of).collect()
}

fn comments_of(file: &FileDescriptorProto) -> Vec<Comment> {
    let locations = &file.source_code_info.as_ref().unwrap().location;
    let named = locations.iter().filter_map(|location| {
        let comment = location.leading_comments().split_whitespace().collect::<Vec<_>>().join(" ");
        Some((name(file, &location.path)?, comment))
    });
    named.collect()
}

/// The name of the element at a path of field numbers and indexes, as `descriptor.proto` has them.
fn name(file: &FileDescriptorProto, path: &[i32]) -> Option<String> {
    let at = |index: &i32| usize::try_from(*index).unwrap();
    match path {
        [4, rest @ ..] => name_in(file.message_type.get(at(rest.first()?))?, &rest[1..]),
        [5, index] => Some(file.enum_type[at(index)].name().to_owned()),
        [5, index, 2, value] => Some(file.enum_type[at(index)].value[at(value)].name().to_owned()),
        [6, index] => Some(file.service[at(index)].name().to_owned()),
        [6, index, 2, rpc] => Some(file.service[at(index)].method[at(rpc)].name().to_owned()),
        _ => None,
    }
}

fn name_in(message: &DescriptorProto, path: &[i32]) -> Option<String> {
    match path {
        [] => Some(message.name().to_owned()),
        [2, index] => Some(message.field[usize::try_from(*index).unwrap()].name().to_owned()),
        _ => None,
    }
}

/// The error reasons that a text names.
fn reasons(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|letter: char| !(letter.is_ascii_uppercase() || letter == '_'));
    words.filter(|word| word.starts_with(PREFIX))
}

#[test]
fn every_comment_is_a_sentence_that_begins_with_its_name() {
    let comments = comments();
    assert!(comments.len() > 300, "only {} elements were found", comments.len());
    for (name, comment) in comments {
        assert!(comment.starts_with(&format!("{name} ")), "{name}: {comment}");
        assert!(comment.ends_with('.'), "{name} does not end its sentence: {comment}");
    }
}

#[test]
fn every_named_error_reason_exists_and_every_reason_is_named_by_a_service() {
    let mut named = BTreeSet::new();
    for (name, comment) in comments().into_iter().filter(|(name, _)| !name.starts_with(PREFIX)) {
        for reason in reasons(&comment) {
            assert!(ErrorReason::from_str_name(reason).is_some(), "{name} names {reason}");
            named.insert(reason.to_owned());
        }
    }
    for reason in (1..).map_while(|number| ErrorReason::try_from(number).ok()) {
        assert!(named.contains(reason.as_str_name()), "no RPC fails with {}", reason.as_str_name());
    }
}

#[test]
fn every_error_reason_shows_its_code_and_an_example() {
    let values = comments().into_iter().filter(|(name, _)| name.starts_with(PREFIX)).skip(1);
    for (name, comment) in values {
        let code = comment[name.len()..].trim_start();
        let code = code.strip_prefix('(').and_then(|code| code.split_once(')'));
        assert!(code.is_some_and(|(code, _)| code == code.to_uppercase()), "{name}: {comment}");
        assert!(comment.contains("Example: "), "{name} shows no example");
    }
}
