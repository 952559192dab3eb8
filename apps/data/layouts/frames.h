#pragma once

#include <filesystem>
#include <string>

#include "apps/data/layouts/dataset.h"

namespace dmf {

/// Frames of a file, 1 of one that cannot be read: who reads it says what is wrong.
int count_frames(const std::filesystem::path& path);

/// What the id of a frame adds to its file's: "_frame12".
std::string frame_suffix(int number);

/// Makes each frame of a DICOM with several an item of its own, its id with a frame_suffix: with
/// that frame of its masks where these have as many (numbers from 1, as DICOM counts), or with the
/// masks that are named after it (NAME_12.png, NAME_frame12_mask.png, a LabelMe NAME_frame12.json).
/// Whether such numbers begin at 0 or 1 is told by the set: a 0, or a file's number of frames, occurs
/// in it. Frames without a mask of that kind are left out and noted.
///
/// first_frame  where masks' numbers begin, whatever they look like; none: as they tell
/// throws       IoError for masks of other numbers of frames, one without a frame's number, a number
///              that no frame has, numbers that leave a doubt, and annotations of a whole file
void expand_frames(Dataset& dataset, std::optional<int> first_frame);

}  // namespace dmf
