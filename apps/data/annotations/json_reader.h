#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "apps/data/annotations/annotation.h"

namespace dmf {

/// Access to a JSON document that names what is wrong. `where` is the start of every message.
using Json = nlohmann::json;

/// throws  IoError for text that is no JSON
Json parse_json(std::string_view text, const std::string& where);

/// A member, or null where there is none (or the value is no object).
const Json& member_of(const Json& object, const char* name);

/// throws  IoError where the member is no list, text or number
const Json& list_of(const Json& object, const char* name, const std::string& where);
std::string text_of(const Json& object, const char* name, const std::string& where);
std::int64_t integer_of(const Json& object, const char* name, const std::string& where);

/// throws  IoError for anything but a finite number, far beyond any image included
double coordinate(const Json& value, const std::string& where);

/// What a JSON file of annotations is, by the members of its outermost object.
enum class AnnotationKind { none, labelme, coco };
AnnotationKind annotation_kind(const std::filesystem::path& path);

/// The text of an annotation file.
std::string read_annotation_file(const std::filesystem::path& path);

}  // namespace dmf
