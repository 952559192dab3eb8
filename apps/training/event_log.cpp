#include "apps/training/event_log.h"

#include <fcntl.h>

#include <tensorboard.pb.h>

#include <boost/crc.hpp>
#include <cmath>

#include "apps/image/codecs/image_file.h"
#include "apps/image/image.h"
#include "engine/io/file_descriptor.h"

namespace dmf {
namespace {

/// CRC-32C (Castagnoli), masked as TensorFlow's record files want it.
std::uint32_t masked_crc(std::string_view bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  const auto sum = static_cast<std::uint32_t>(crc.checksum());
  return ((sum >> 15) | (sum << 17)) + 0xa282ead8u;
}

template <class Number>
std::string little_endian(Number number) {
  std::string bytes;
  for (std::size_t k = 0; k < sizeof number; ++k) {
    bytes += static_cast<char>(number >> (8 * k) & 0xffu);
  }
  return bytes;
}

/// A record: length, its checksum, the message, its checksum.
std::string record(const tensorboard::Event& event) {
  const std::string message = event.SerializeAsString();
  const std::string length = little_endian(std::uint64_t{message.size()});
  return length + little_endian(masked_crc(length)) + message + little_endian(masked_crc(message));
}

tensorboard::Event at_step(std::int64_t step) {
  tensorboard::Event event;
  event.set_step(step);
  event.set_wall_time(static_cast<double>(step));
  return event;
}

}  // namespace

struct EventLog::File {
  FileDescriptor descriptor;
  std::string pending;
};

void EventLog::check_built() {}

EventLog::EventLog(const std::filesystem::path& path, std::uintmax_t bytes)
    : file_(new File{FileDescriptor(path, O_RDWR | (bytes == 0 ? O_CREAT : 0)), {}}) {
  file_->descriptor.truncate(bytes);
  if (bytes > 0) return;
  tensorboard::Event version;
  version.set_file_version("brain.Event:2");
  file_->pending = record(version);
  flush();
}

EventLog::~EventLog() = default;

void EventLog::scalars(std::int64_t step,
                       const std::vector<std::pair<std::string, double>>& values) {
  tensorboard::Event event = at_step(step);
  for (const auto& [tag, number] : values) {
    if (!std::isfinite(number)) continue;
    tensorboard::Value* value = event.mutable_summary()->add_value();
    value->set_tag(tag);
    value->set_simple_value(static_cast<float>(number));
  }
  if (event.has_summary()) file_->pending += record(event);
}

void EventLog::image(std::int64_t step, const std::string& tag, const Picture& picture) {
  tensorboard::Event event = at_step(step);
  tensorboard::Value* value = event.mutable_summary()->add_value();
  value->set_tag(tag);
  tensorboard::Image* image = value->mutable_image();
  image->set_height(picture.height);
  image->set_width(picture.width);
  image->set_colorspace(3);
  image->set_encoded_image_string(encode_png(picture.height, picture.width, 3, picture.samples));
  file_->pending += record(event);
}

std::uintmax_t EventLog::flush() {
  file_->descriptor.write(file_->pending);
  file_->pending.clear();
  file_->descriptor.flush();
  return file_->descriptor.size();
}

}  // namespace dmf
