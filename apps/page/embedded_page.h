#pragma once

#include <string_view>

// Files that the build puts into the programs (embed.cmake).
namespace dmf::embedded {

extern const std::string_view kPage, kStyle, kScript;  // page.html, page.css, page.js

}  // namespace dmf::embedded
