#pragma once

#include <vector>

#include "apps/evaluation/evaluation.h"
#include "apps/page/page.h"
#include "apps/report/test_pictures.h"

namespace dmf {

/// More pictures than this are not put into a page, which then shows those in panels/ beside it.
constexpr std::size_t kMostInPage = 200;

/// Where an image's panel lies in the run folder: "panels/benign_benign (1).png".
std::string panel_path(const std::string& id);

/// The folder of an image's id, which data sets name after the kind of lesion; "" without one.
std::string kind_of(const std::string& id);

/// Adds every test image with its score: Dice over the lesion's size, a table that scripts sort, each
/// picture with truth, prediction and where they differ, the worst first.
///
/// images    the scores
/// pictures  of these images, of some of them, or none
void add_images(Page& page, const std::vector<ImageScore>& images,
                const std::vector<TestPicture>& pictures);

}  // namespace dmf
