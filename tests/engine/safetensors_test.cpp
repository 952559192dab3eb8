#include <doctest/doctest.h>

#include <cstring>

#include "engine/core/check.h"
#include "engine/io/atomic_file.h"
#include "engine/io/safetensors.h"
#include "tests/support/random_text.h"
#include "tests/support/temporary_folder.h"

namespace dmf {
namespace {

using doctest::Contains;

std::string file_of(const std::string& header, std::size_t data_bytes) {
  std::uint64_t size = header.size();
  std::string bytes(sizeof size, '\0');
  std::memcpy(bytes.data(), &size, sizeof size);
  return bytes + header + std::string(data_bytes, '\0');
}

}  // namespace

TEST_CASE("safetensors: a round trip keeps every bit, and the same content gives the same bytes") {
  const TemporaryFolder folder;
  Safetensors content;
  content.metadata = {{"format", "test"}, {"quote", "a \"b\" \n"}};
  const std::vector<float> values = {0.1f, -0.0f, 1e-45f};
  content.set("x.weight", Tensor<float>::from(values, Shape{3, 1}));
  content.set("labels", Tensor<std::int32_t>::full(Shape{2}, -7));
  content.set("double", Tensor<double>::full(Shape{1}, 0.1));
  content.set("bytes", Tensor<std::uint8_t>::full(Shape{5}, 200));
  content.set("empty", Tensor<float>(Shape{0, 4}));
  write_safetensors(folder / "a.safetensors", content);
  const Safetensors back = read_safetensors(folder / "a.safetensors");
  CHECK(back.metadata == content.metadata);
  CHECK(back.tensors.size() == 5);
  const auto x = back.get<float>("x.weight");
  CHECK(x.shape() == Shape{3, 1});
  CHECK(std::memcmp(x.data(), values.data(), 12) == 0);
  CHECK(back.get<std::int32_t>("labels").data()[1] == -7);
  CHECK(back.get<float>("double").item() == 0.1f);
  CHECK(back.get<double>("x.weight").data()[0] == static_cast<double>(0.1f));
  CHECK(to_bytes(content) == to_bytes(back));
  CHECK(to_bytes(content)[0] % 8 == 0);  // the data starts at a multiple of 8
  CHECK_THROWS_WITH_AS(back.get<float>("nothing"), Contains("no tensor 'nothing'"), IoError);
  CHECK_THROWS_WITH_AS(back.get<float>("labels"), Contains("expected floating-point"), IoError);
  CHECK_THROWS_WITH_AS(back.get<std::uint8_t>("labels"), Contains("out of range"), IoError);
}

TEST_CASE("safetensors: metadata of any text, keys and values, are read back to the last byte") {
  Rng rng(1, 1);
  for (int round = 0; round < 3000; ++round) {
    Safetensors content;
    for (auto n = rng.below(5); n > 0; --n) {
      content.metadata["k" + random_text(rng, 0, 4)] = random_text(rng, 0, 8);
    }
    content.set(random_text(rng), Tensor<std::uint8_t>::full(Shape{1}, 7));
    std::string all = content.tensors.begin()->first;
    for (const auto& [key, value] : content.metadata) all += key + value;
    if (all.find('\xff') != std::string::npos) {  // which is no UTF-8
      REQUIRE_THROWS_WITH_AS(to_bytes(content), Contains("is no UTF-8"), ValueError);
      continue;
    }
    const Safetensors back = parse_safetensors(to_bytes(content), "t");
    REQUIRE(back.verified);
    REQUIRE(back.metadata == content.metadata);
    REQUIRE(back.tensors.begin()->first == content.tensors.begin()->first);
  }
}

TEST_CASE("safetensors: hostile files are refused with the reason") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& bytes, const char* reason) {
    write_text(folder / "bad.safetensors", bytes);
    CHECK_THROWS_WITH_AS(read_safetensors(folder / "bad.safetensors"), Contains(reason), IoError);
  };
  refused("", "too few");
  refused(std::string(8, '\xff'), "claims a header");
  refused(std::string("\0\0\0\0\0\0\0\x80", 8), "claims a header");
  refused(file_of("not json", 0), "not sound JSON");
  refused(file_of("[1,2]", 0), "no JSON object");
  refused(file_of(std::string(100000, '['), 0), "not sound JSON");
  refused(file_of(R"({"a":{"dtype":"F32","shape":[[[[1]]]],"data_offsets":[0,4]}})", 4),
          "not sound JSON");
  refused(file_of(R"({"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}})", 2), "dtype F16");
  refused(file_of(R"({"a":{"shape":[1],"data_offsets":[0,4]}})", 4), "no dtype");
  refused(file_of(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4), "no count");
  refused(
      file_of(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}})", 4),
      "64 bits");
  refused(file_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4), "do not fit");
  refused(file_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4), "do not fit");
  refused(file_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,400]}})", 4), "do not fit");
  refused(file_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}})", 4),
          "no data_offsets");
  refused(file_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8),
          "an overlap or a hole");
  refused(file_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                  R"("b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                  4),
          "an overlap or a hole");
  refused(file_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 8),
          "its header describes 4");
  refused(file_of(R"({"__metadata__":{"k":1}})", 0), "no string");
  CHECK_THROWS_WITH_AS(read_safetensors(folder / "absent"), Contains("cannot read"), IoError);
  CHECK_THROWS_WITH_AS(read_safetensors(folder.path()), Contains("not a file"), IoError);
}

TEST_CASE("safetensors: no byte of a file can change unnoticed") {
  const TemporaryFolder folder;
  Safetensors content;
  content.metadata = {{"note", R"("checksum":"0000000000000000")"}};  // must not be taken for it
  content.set("checksum", Tensor<float>::full(Shape{2}, 1.5f));
  content.set("b", Tensor<std::uint8_t>::full(Shape{3}, 7));
  const std::string bytes = to_bytes(content);
  write_text(folder / "sound", bytes);
  const Safetensors back = read_safetensors(folder / "sound");
  CHECK(back.verified);
  CHECK(back.metadata == content.metadata);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const int bit : {0, 3, 7}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      write_text(folder / "damaged", damaged);
      CAPTURE(i);
      CAPTURE(bit);
      bool noticed = false;
      try {
        // Without the key there is no checksum: models and checkpoints are then refused.
        noticed = !read_safetensors(folder / "damaged").verified;
      } catch (const IoError&) {
        noticed = true;
      }
      CHECK(noticed);
    }
  }
  write_text(folder / "foreign",
             file_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4));
  CHECK_FALSE(read_safetensors(folder / "foreign").verified);
  write_text(folder / "forged", file_of(R"({"__metadata__":{"checksum":"x"}})", 0));
  CHECK_THROWS_WITH_AS(read_safetensors(folder / "forged"), Contains("does not match its checksum"),
                       IoError);
}

TEST_CASE("write_file_atomically: replaces whole files and leaves nothing behind on failure") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "file", "first");
  write_file_atomically(folder / "file", "second");
  CHECK(read_text(folder / "file") == "second");
  CHECK_THROWS_WITH_AS(write_file_atomically(folder / "absent/file", "x"), Contains("No such file"),
                       IoError);
  std::filesystem::create_directories(folder / "taken/inside");
  CHECK_THROWS_WITH_AS(write_file_atomically(folder / "taken", "x"), Contains("cannot replace"),
                       IoError);
  CHECK_FALSE(std::filesystem::exists(folder / "taken.partial"));
}

}  // namespace dmf
