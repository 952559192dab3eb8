#include "apps/data/annotations/json_reader.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "apps/files/names.h"
#include "engine/core/check.h"
#include "engine/io/atomic_file.h"

namespace dmf {
namespace {

/// Collects the names of the outermost object's members and whether it is sound JSON.
class OuterNames : public nlohmann::json_sax<Json> {
 public:
  std::set<std::string> names;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(std::int64_t) override { return true; }
  bool number_unsigned(std::uint64_t) override { return true; }
  bool number_float(double, const std::string&) override { return true; }
  bool string(std::string&) override { return true; }
  bool binary(Json::binary_t&) override { return true; }
  bool start_array(std::size_t) override { return enter(1); }
  bool end_array() override { return enter(-1); }
  bool start_object(std::size_t) override { return enter(1); }
  bool end_object() override { return enter(-1); }
  bool key(std::string& name) override {
    if (depth_ == 1) names.insert(name);
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) override {
    return false;
  }

 private:
  bool enter(int step) {
    depth_ += step;
    return true;
  }
  int depth_ = 0;
};

}  // namespace

Json parse_json(std::string_view text, const std::string& where) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  Json json = Json::parse(text, nullptr, false);
  DMF_CHECK(!json.is_discarded(), IoError, "{}: is no sound JSON.", where);
  return json;
}

const Json& member_of(const Json& object, const char* name) {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(name);
  return found == object.end() ? kNull : *found;
}

const Json& list_of(const Json& object, const char* name, const std::string& where) {
  const Json& value = member_of(object, name);
  DMF_CHECK(value.is_array(), IoError, "{}: has no list '{}'.", where, name);
  return value;
}

std::string text_of(const Json& object, const char* name, const std::string& where) {
  const Json& value = member_of(object, name);
  DMF_CHECK(value.is_string(), IoError, "{}: has no text '{}'.", where, name);
  return value.get<std::string>();
}

std::int64_t integer_of(const Json& object, const char* name, const std::string& where) {
  const Json& value = member_of(object, name);
  const double number = value.is_number() ? value.get<double>() : std::nan("");
  constexpr double kMost = 1e15;  // whole numbers up to here are exact
  DMF_CHECK(std::abs(number) <= kMost && number == std::floor(number), IoError,
            "{}: has no whole number '{}'.", where, name);
  return static_cast<std::int64_t>(number);
}

double coordinate(const Json& value, const std::string& where) {
  constexpr double kMost = 1e9;
  const double number = value.is_number() ? value.get<double>() : std::nan("");
  DMF_CHECK(std::abs(number) <= kMost, IoError,
            "{}: a coordinate is no number, or beyond any image.", where);
  return number;
}

AnnotationKind annotation_kind(const std::filesystem::path& path) {
  if (lower_case(path.extension().string()) != ".json") return AnnotationKind::none;
  const std::string text = read_annotation_file(path);
  std::string_view rest = text;
  if (rest.starts_with("\xef\xbb\xbf")) rest.remove_prefix(3);
  OuterNames outer;
  Json::sax_parse(rest, &outer, Json::input_format_t::json, false);
  if (outer.names.contains("shapes")) return AnnotationKind::labelme;
  if (outer.names.contains("images") && outer.names.contains("annotations")) {
    return AnnotationKind::coco;
  }
  return AnnotationKind::none;
}

std::string read_annotation_file(const std::filesystem::path& path) {
  constexpr std::uintmax_t kMost = std::uintmax_t{1} << 30;
  return read_file(path, kMost);
}

}  // namespace dmf
