//! Every rule of Takings, without IO: no async, no SQL, no protobuf, no clock, no environment.
