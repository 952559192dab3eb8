#include "engine/io/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>

#include "engine/core/check.h"
#include "engine/io/atomic_file.h"
#include "engine/io/hash.h"

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");

namespace dmf {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uintmax_t kLargestFile = std::uintmax_t{1} << 34;    // 16 GiB
constexpr std::uint64_t kLargestHeader = std::uint64_t{100} << 20;  // as the reference library

struct DTypeName {
  DType dtype;
  std::string_view name;
  std::size_t bytes;
};
constexpr std::array<DTypeName, 5> kDTypes = {{{DType::f32, "F32", 4},
                                               {DType::f64, "F64", 8},
                                               {DType::i64, "I64", 8},
                                               {DType::i32, "I32", 4},
                                               {DType::u8, "U8", 1}}};

const DTypeName& described(DType dtype) {
  return *std::find_if(kDTypes.begin(), kDTypes.end(),
                       [dtype](const DTypeName& d) { return d.dtype == dtype; });
}

[[noreturn]] void bad(const std::filesystem::path& path, const std::string& what) {
  throw IoError(fmt::format("[safetensors] {}: {}", path.string(), what));
}

std::uint64_t offset_at(const Json& offsets, std::size_t index, const std::string& name,
                        const std::filesystem::path& path) {
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[index].is_number_unsigned()) {
    bad(path, fmt::format("tensor '{}' has no data_offsets: expected [begin, end].", name));
  }
  return offsets[index].get<std::uint64_t>();
}

Shape shape_of(const Json& entry, const std::string& name, const std::filesystem::path& path) {
  const auto dims = entry.find("shape");
  if (dims == entry.end() || !dims->is_array() || dims->size() > Shape::kMaxRank) {
    bad(path, fmt::format("tensor '{}' has no shape of at most {} sizes.", name, Shape::kMaxRank));
  }
  std::vector<Index> sizes;
  for (const Json& d : *dims) {
    if (!d.is_number_unsigned() ||
        d.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<Index>::max())) {
      bad(path, fmt::format("tensor '{}' has a size that is no count: {}.", name, d.dump()));
    }
    sizes.push_back(d.get<Index>());
  }
  try {
    return Shape(sizes);
  } catch (const ShapeError& error) {
    bad(path, fmt::format("tensor '{}': {}", name, error.what()));
  }
}

constexpr std::string_view kChecksum = "checksum";
constexpr std::string_view kNoChecksum = "0000000000000000";

/// The metadata entry as it stands in a header.
std::string checksum_entry(std::string_view value) {
  return fmt::format("\"{}\":\"{}\"", kChecksum, value);
}

/// Whether `claimed` is the hash of the file's bytes with zeros in its place.
bool checksum_is_right(std::string file, std::string_view claimed) {
  const std::size_t at = file.find(checksum_entry(claimed));
  if (at == std::string::npos || claimed.size() != kNoChecksum.size()) return false;
  const std::string zeros = checksum_entry(kNoChecksum);
  file.replace(at, zeros.size(), zeros);
  return hash_of(file) == claimed;
}

struct Extent {
  std::uint64_t begin, end;
  std::string name;
};

StoredTensor parse_tensor(const std::string& name, const Json& entry, std::string_view data,
                          const std::filesystem::path& path, std::vector<Extent>& extents) {
  if (!entry.is_object() || !entry.contains("dtype") || !entry["dtype"].is_string()) {
    bad(path, fmt::format("tensor '{}' has no dtype.", name));
  }
  const auto text = entry["dtype"].get<std::string>();
  const auto type = std::find_if(kDTypes.begin(), kDTypes.end(),
                                 [&](const DTypeName& d) { return d.name == text; });
  if (type == kDTypes.end()) {
    bad(path,
        fmt::format("tensor '{}' has dtype {}: expected F32, F64, I64, I32 or U8.", name, text));
  }
  StoredTensor tensor{type->dtype, shape_of(entry, name, path), {}};
  const Json offsets = entry.value("data_offsets", Json());
  const std::uint64_t begin = offset_at(offsets, 0, name, path),
                      end = offset_at(offsets, 1, name, path);
  const auto count = static_cast<std::uint64_t>(tensor.shape.numel());
  if (begin > end || end > data.size() || count > (end - begin) / type->bytes ||
      count * type->bytes != end - begin) {
    bad(path, fmt::format("tensor '{}' {} {} claims bytes {} to {} of {}: they do not fit.", name,
                          text, tensor.shape.str(), begin, end, data.size()));
  }
  const auto bytes = std::as_bytes(std::span(data.substr(begin, end - begin)));
  tensor.bytes.assign(bytes.begin(), bytes.end());
  extents.push_back({begin, end, name});
  return tensor;
}

template <class From, class To>
To convert(From value, const std::string& name) {
  if constexpr (std::is_integral_v<From> && std::is_integral_v<To>) {
    DMF_CHECK(std::in_range<To>(value), IoError, "[safetensors] '{}' holds {}, out of range.", name,
              value);
  }
  return static_cast<To>(value);
}

template <class From, class To>
Tensor<To> converted(const StoredTensor& stored, const std::string& name) {
  DMF_CHECK(std::is_integral_v<From> == std::is_integral_v<To>, IoError,
            "[safetensors] '{}' holds {}: expected {}.", name, described(stored.dtype).name,
            std::is_integral_v<To> ? "integers" : "floating-point numbers");
  Tensor<To> tensor(stored.shape);
  for (Index i = 0; i < tensor.numel(); ++i) {
    From value;
    std::memcpy(&value, stored.bytes.data() + static_cast<std::size_t>(i) * sizeof(From),
                sizeof value);
    tensor.data()[i] = convert<From, To>(value, name);
  }
  return tensor;
}

template <class Scalar>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<Scalar, float>) return DType::f32;
  if constexpr (std::is_same_v<Scalar, double>) return DType::f64;
  if constexpr (std::is_same_v<Scalar, std::int32_t>) return DType::i32;
  return DType::u8;
}

}  // namespace

template <class Scalar>
Tensor<Scalar> Safetensors::get(const std::string& name) const {
  const auto it = tensors.find(name);
  DMF_CHECK(it != tensors.end(), IoError, "[safetensors] there is no tensor '{}'.", name);
  switch (it->second.dtype) {
    case DType::f32:
      return converted<float, Scalar>(it->second, name);
    case DType::f64:
      return converted<double, Scalar>(it->second, name);
    case DType::i64:
      return converted<std::int64_t, Scalar>(it->second, name);
    case DType::i32:
      return converted<std::int32_t, Scalar>(it->second, name);
    case DType::u8:
      return converted<std::uint8_t, Scalar>(it->second, name);
  }
  throw IoError("[safetensors] unknown dtype.");
}

template <class Scalar>
void Safetensors::set(const std::string& name, const Tensor<Scalar>& tensor) {
  const Tensor<Scalar> here = tensor.to(Device::cpu());
  const auto bytes = std::as_bytes(here.span());
  tensors[name] = {dtype_of<Scalar>(), tensor.shape(), {bytes.begin(), bytes.end()}};
}

Safetensors read_safetensors(const std::filesystem::path& path) {
  return parse_safetensors(read_file(path, kLargestFile), path);
}

Safetensors parse_safetensors(std::string file, const std::filesystem::path& path) {
  std::uint64_t header_size = 0;
  if (file.size() < sizeof header_size) {
    bad(path, fmt::format("{} bytes are too few for a safetensors file.", file.size()));
  }
  std::memcpy(&header_size, file.data(), sizeof header_size);
  if (header_size > kLargestHeader || header_size > file.size() - sizeof header_size) {
    bad(path, fmt::format("it claims a header of {} bytes: not a safetensors file, or truncated.",
                          header_size));
  }
  const std::string_view header(file.data() + sizeof header_size, header_size);
  const std::string_view data = std::string_view(file).substr(sizeof header_size + header_size);
  // A header is two levels deep with a list inside: whatever goes deeper is refused unread.
  const auto limit_depth = [](int depth, Json::parse_event_t, Json&) -> bool {
    if (depth > 4) throw IoError("nested too deeply");
    return true;
  };
  Json json;
  try {
    json = Json::parse(header, limit_depth);
  } catch (const std::exception& error) {
    bad(path, fmt::format("its header is not sound JSON ({}).", error.what()));
  }
  if (!json.is_object()) bad(path, "its header is no JSON object.");

  Safetensors content;
  std::vector<Extent> extents;
  for (const auto& [name, entry] : json.items()) {
    if (name == "__metadata__") {
      if (!entry.is_object()) bad(path, "its __metadata__ is no object.");
      for (const auto& [key, value] : entry.items()) {
        if (!value.is_string()) bad(path, fmt::format("metadata '{}' is no string.", key));
        content.metadata[key] = value.get<std::string>();
      }
    } else {
      content.tensors[name] = parse_tensor(name, entry, data, path, extents);
    }
  }
  // Extents must follow each other from the first byte to the last: no overlap, no hole.
  std::sort(extents.begin(), extents.end(), [](const Extent& a, const Extent& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t next = 0;
  for (const Extent& extent : extents) {
    if (extent.begin != next) {
      bad(path, fmt::format("tensor '{}' starts at byte {}: expected {} (an overlap or a hole).",
                            extent.name, extent.begin, next));
    }
    next = extent.end;
  }
  if (next != data.size()) {
    bad(path,
        fmt::format("it holds {} bytes of data: its header describes {}.", data.size(), next));
  }
  if (const auto checksum = content.metadata.find(std::string(kChecksum));
      checksum != content.metadata.end()) {
    if (!checksum_is_right(std::move(file), checksum->second)) {
      bad(path, "its content does not match its checksum: it is damaged, or was edited.");
    }
    content.metadata.erase(checksum);
    content.verified = true;
  }
  return content;
}

std::string to_bytes(const Safetensors& content) {
  Json header = Json::object();
  header["__metadata__"] = content.metadata;
  header["__metadata__"][kChecksum] = kNoChecksum;
  // Wider types first, so that every tensor is aligned to its element size.
  std::vector<const std::pair<const std::string, StoredTensor>*> order;
  for (const auto& entry : content.tensors) order.push_back(&entry);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return described(a->second.dtype).bytes > described(b->second.dtype).bytes;
  });
  std::uint64_t offset = 0;
  for (const auto* entry : order) {
    const StoredTensor& tensor = entry->second;
    const std::vector<Index> dims(tensor.shape.dims().begin(), tensor.shape.dims().end());
    header[entry->first] = {{"dtype", described(tensor.dtype).name},
                            {"shape", dims},
                            {"data_offsets", {offset, offset + tensor.bytes.size()}}};
    offset += tensor.bytes.size();
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const Json::type_error& error) {
    throw ValueError(
        fmt::format("[safetensors] a name or metadata is no UTF-8 ({}): escape it.", error.what()));
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const std::uint64_t header_size = text.size();
  std::string file(sizeof header_size, '\0');
  std::memcpy(file.data(), &header_size, sizeof header_size);
  file += text;
  file.reserve(file.size() + offset);
  for (const auto* entry : order) {
    file.append(reinterpret_cast<const char*>(entry->second.bytes.data()),
                entry->second.bytes.size());
  }
  file.replace(file.find(checksum_entry(kNoChecksum)), checksum_entry(kNoChecksum).size(),
               checksum_entry(hash_of(file)));
  return file;
}

void write_safetensors(const std::filesystem::path& path, const Safetensors& content) {
  write_file_atomically(path, to_bytes(content));
}

#define DMF_INSTANTIATE(T)                                          \
  template Tensor<T> Safetensors::get<T>(const std::string&) const; \
  template void Safetensors::set<T>(const std::string&, const Tensor<T>&);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
DMF_INSTANTIATE(std::int32_t)
DMF_INSTANTIATE(std::uint8_t)
#undef DMF_INSTANTIATE

}  // namespace dmf
