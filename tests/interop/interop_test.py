"""What the programs write and read, against other runtimes: ONNX in OpenCV's dnn, weights in PyTorch.

usage: interop_test.py FOLDER_OF_THE_PROGRAMS [--without-onnx] [IMAGE...]

Without images it makes some; given ones take OpenCV to read. --without-onnx says that the programs were
built without ONNX. What is not there, here or in the programs, is skipped with its reason; without NumPy
that is everything (exit 77).
"""
import argparse
import importlib
import json
import os
import struct
import subprocess
import sys
import tempfile
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
parser = argparse.ArgumentParser()
parser.add_argument("programs")
parser.add_argument("--without-onnx", action="store_true")
parser.add_argument("images", nargs="*")
arguments = parser.parse_args()
PROGRAMS = arguments.programs
SIZE = 64
passed, failures, skipped = [], [], []


def skip(part, reason):
    print(f"skipped: {part}: {reason}")
    skipped.append(part)


def module(name, package):
    """The module and an empty text, or None and why it cannot be had."""
    try:
        return importlib.import_module(name), ""
    except ModuleNotFoundError:
        return None, f"{package} is not installed"
    except Exception as error:  # half installed: whatever its own code throws
        return None, f"{package} cannot be imported: {' '.join(str(error).split())}"


np, why = module("numpy", "python3-numpy")
if np is None:
    print(f"skipped: {why}")
    sys.exit(77)
cv2, why = module("cv2", "python3-opencv")
if arguments.without_onnx:
    why = "the programs were built without libonnx-dev"
if why:
    skip("ONNX in OpenCV", why)
with_onnx = not why
torch, why = module("torch", "python3-torch")
if torch is None:
    skip("weights in PyTorch", why)


def check(name, holds, detail=""):
    print(("ok    " if holds else "FAIL  ") + name + (f"  {detail}" if detail else ""))
    (passed if holds else failures).append(name)


def run(program, *arguments):
    done = subprocess.run([os.path.join(PROGRAMS, program), *map(str, arguments)], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        print(done.stdout)
        sys.exit(f"{program} failed")
    return done.stdout


def read_safetensors(path):
    data = open(path, "rb").read()
    size, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + size])
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            kind = {"F32": "<f4", "I64": "<i8"}[entry["dtype"]]
            tensors[name] = np.frombuffer(data[8 + size + begin:8 + size + end], kind).reshape(entry["shape"])
    return tensors


def write_safetensors(path, tensors):
    header, body = {}, b""
    for name, value in tensors.items():
        raw = np.ascontiguousarray(value).tobytes()
        header[name] = {"dtype": {"float32": "F32", "int64": "I64"}[str(value.dtype)], "shape": list(value.shape),
                        "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    open(path, "wb").write(struct.pack("<Q", len(text)) + text + body)


def write_png(path, grey):
    """A grey image of bytes [height, width], so that what was written needs no reader."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = grey.shape
    rows = b"".join(b"\0" + row.tobytes() for row in grey)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) +
                   chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def images_with_lesion(count):
    """Speckle, brighter with depth, around a dark ellipse: [count, SIZE, SIZE] bytes."""
    random = np.random.default_rng(5)
    h, w = np.mgrid[0:SIZE, 0:SIZE]
    images = []
    for _ in range(count):
        ch, cw, rh, rw = random.uniform(0.3, 0.7), random.uniform(0.3, 0.7), random.uniform(0.1, 0.2), random.uniform(0.1, 0.3)
        inside = ((h / SIZE - ch) / rh) ** 2 + ((w / SIZE - cw) / rw) ** 2 < 1
        tissue = np.where(inside, 30, 90 + 60 * h / SIZE)
        images.append(np.clip(tissue * random.rayleigh(0.8, (SIZE, SIZE)), 0, 255).astype(np.uint8))
    return images


def predicted(model, images, out):
    """Probabilities [N, K, H, W] as predict computes them, at the images' own size."""
    run("predict", "--model", model, "--out", out, "--floats", "--overwrite", *images)
    maps = [read_safetensors(os.path.join(out, os.path.splitext(os.path.basename(i))[0] + "_probabilities.safetensors"))
            for i in images]
    return np.stack([m["probabilities"].transpose(2, 0, 1) for m in maps])


def same(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[k].view("u4"), b[k].view("u4")) for k in a)


with tempfile.TemporaryDirectory() as folder:
    data = os.path.join(folder, "data")
    run("phantom", "--out", data, "--benign", 6, "--malignant", 6, "--size", SIZE)
    pixels = images_with_lesion(3)
    for path in arguments.images:  # real images, at the network's size
        grey = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
        pixels.append(cv2.resize(grey, (SIZE, SIZE), interpolation=cv2.INTER_AREA))
    images = [os.path.join(folder, f"image{k}.png") for k in range(len(pixels))]
    for path, grey in zip(images, pixels):
        write_png(path, grey)
    batch = np.stack(pixels)[:, None].astype(np.float32) / 255

    for variant, depth, width, eps in [("paper", 4, 8, 1e-5), ("classic", 3, 6, 1e-3), ("paper", 1, 4, 1e-5)]:
        what = f"{variant}, depth {depth}, width {width}"
        out = os.path.join(folder, f"{variant}{depth}")
        run("train", "--recipe", "paper", "--data", data, "--out", out, "--image", SIZE, "--model", variant, "--depth", depth, "--base-width",
            width, "--bn-eps", eps, "--epochs", 3, "--batch", 4, "--dropout", 0.1, "--history-size", 2)
        ours = predicted(out, images, os.path.join(folder, "masks"))

        other = np.random.default_rng(1).random((2, 1, 3 << depth, 5 << depth), dtype=np.float32)
        elsewhere = None
        if with_onnx:
            onnx = os.path.join(folder, "model.onnx")
            run("export", "--overwrite", "--model", out, "--to", "onnx", "--out", onnx)
            net = cv2.dnn.readNetFromONNX(onnx)
            net.setInput(batch, "image")
            theirs = net.forward("probabilities")
            worst = float(np.abs(theirs - ours).max())
            check(f"ONNX in OpenCV, {what}: probabilities", worst < 1e-4, f"largest difference {worst:.1e}")
            clear = np.abs(ours[:, 1] - 0.5) > 1e-4
            check(f"ONNX in OpenCV, {what}: masks", np.array_equal(theirs.argmax(1)[clear], ours.argmax(1)[clear]))
            net = cv2.dnn.readNetFromONNX(onnx)
            net.setInput(other, "image")
            elsewhere = net.forward("probabilities")
            check(f"ONNX in OpenCV, {what}: another batch and size", elsewhere.shape == (2, 2, 3 << depth, 5 << depth))

        for format in ("pytorch", "keras"):
            there, back = os.path.join(folder, "there.safetensors"), os.path.join(folder, "back.safetensors")
            run("export", "--overwrite", "--model", out, "--to", format, "--out", there)
            run("export", "--overwrite", "--from", format, "--model", there, "--to", "dmf", "--bn-eps", eps, "--image", SIZE, "--out", back)
            check(f"{format} and back, {what}: every bit", same(read_safetensors(back),
                                                                read_safetensors(os.path.join(out, "best.safetensors"))))
            check(f"{format} and back, {what}: predictions", np.array_equal(predicted(back, images, os.path.join(folder, "b")), ours))
        if torch is None:
            continue
        from unet_pytorch import UNet
        net = UNet(variant, depth=depth, width=width, eps=eps).eval()
        run("export", "--overwrite", "--model", out, "--to", "pytorch", "--out", there)
        net.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in read_safetensors(there).items()}, strict=True)
        with torch.no_grad():
            theirs = torch.softmax(net(torch.from_numpy(batch)), 1).numpy()
            if elsewhere is not None:
                far = torch.softmax(net(torch.from_numpy(other)), 1).numpy()
                check(f"ONNX in OpenCV, {what}: the same as PyTorch there", np.abs(far - elsewhere).max() < 1e-4)
        worst = float(np.abs(theirs - ours).max())
        check(f"PyTorch, {what}: our weights in it", worst < 1e-4, f"largest difference {worst:.1e}")

        torch.manual_seed(3)
        net = UNet(variant, depth=depth, width=width, eps=eps)
        for _ in range(3):
            net(torch.rand(4, 1, SIZE, SIZE))  # moves the running statistics
        net.eval()
        theirs_saved = os.path.join(folder, "saved.safetensors")
        write_safetensors(theirs_saved, {k: v.numpy() for k, v in net.state_dict().items()})
        run("export", "--overwrite", "--from", "pytorch", "--model", theirs_saved, "--to", "dmf", "--bn-eps", eps, "--image", SIZE, "--out", back)
        with torch.no_grad():
            theirs = torch.softmax(net(torch.from_numpy(batch)), 1).numpy()
        worst = float(np.abs(theirs - predicted(back, images, os.path.join(folder, "b"))).max())
        check(f"PyTorch, {what}: its weights in ours", worst < 1e-4, f"largest difference {worst:.1e}")

print(f"{'FAILED: ' + ', '.join(failures) if failures else 'all agree'}")
print(f"{len(passed)} passed, {len(failures)} failed, {len(skipped)} skipped")
sys.exit(1 if failures else 0)
