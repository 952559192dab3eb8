#pragma once

#include <string>

namespace dmf {

/// A drawing as a file of its own, with the classes of the page's drawings in fixed colours.
///
/// title, description  for those who cannot see it
/// width, height       in pixels of 1/96 inch
/// elements            SVG
std::string svg_file(const std::string& title, const std::string& description, double width,
                     double height, const std::string& elements);

}  // namespace dmf
