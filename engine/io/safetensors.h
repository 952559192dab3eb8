#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/tensor/tensor.h"

namespace dmf {

/// Scalar types a file may hold. Only io/ knows a type at run time.
enum class DType { f32, f64, i64, i32, u8 };

struct StoredTensor {
  DType dtype = DType::f32;
  Shape shape;
  std::vector<std::byte> bytes;  // little-endian, row-major
};

/// The content of a safetensors file: named tensors and string metadata.
/// (Format: 8 bytes of header length, a JSON header, the data without holes.)
///
/// Files written here carry, as metadata "checksum", the XXH3 hash of all their bytes, computed
/// with zeros in its own place. It is checked on reading and not among `metadata`.
struct Safetensors {
  std::map<std::string, std::string> metadata;
  std::map<std::string, StoredTensor> tensors;
  bool verified = false;  // it came from a file with a checksum, which was right

  /// The tensor as Scalar: float and double convert into each other, integers into each other
  /// where the values fit.
  ///
  /// throws  IoError when the name is not there, the kind does not fit or a value does not
  template <class Scalar>
  Tensor<Scalar> get(const std::string& name) const;
  template <class Scalar>
  void set(const std::string& name, const Tensor<Scalar>& tensor);
};

/// A file without a checksum, from another program, is read; a wrong one is refused.
///
/// throws  IoError with the path, the place and what was expected, for anything but a sound file
Safetensors read_safetensors(const std::filesystem::path& path);
/// The same from the file's bytes; `path` is for messages.
Safetensors parse_safetensors(std::string file, const std::filesystem::path& path);

/// The bytes of such a file: the same content gives the same bytes.
std::string to_bytes(const Safetensors& content);
/// Atomic, see write_file_atomically().
void write_safetensors(const std::filesystem::path& path, const Safetensors& content);

}  // namespace dmf
