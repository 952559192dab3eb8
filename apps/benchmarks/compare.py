#!/usr/bin/python3
"""Pairs this project's `bench step` with the PyTorch peer, A B A B ..., and prints the ratios.

  compare.py [--bench build/release/apps/bench] [--rounds 3] [--model paper --model classic] [--batch 8]
             [--threads 2] [--device cpu|cuda] [--peer-flag=--channels-last ...]

The peer runs in both memory layouts (as given, and channels-last) and its faster one counts. A ratio is
peer time / our time: above 1 we are faster. Medians over the rounds are printed, with the spread, since
machines are noisy; quote the ratio, never one absolute time.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys


def last_json(command, environment):
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"failed ({done.returncode}): {' '.join(command)}")
    return json.loads([line for line in done.stdout.splitlines() if line.startswith("{")][-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", default="build/release/apps/bench", help="path of the built bench program")
    parser.add_argument("--model", action="append")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--image", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--peer-flag", action="append", default=[], help="e.g. --peer-flag=--amp")
    parser.add_argument("--our-flag", action="append", default=[], help="e.g. --our-flag=--precision --our-flag=bf16")
    args = parser.parse_args()
    here = os.path.dirname(os.path.abspath(__file__))
    environment = dict(os.environ, OMP_NUM_THREADS=str(args.threads))
    common = ["--batch", str(args.batch), "--image", str(args.image), "--device", args.device,
              "--threads", str(args.threads)]
    for model in args.model or ["paper", "classic"]:
        pairs = []
        for _ in range(args.rounds):
            ours = last_json([args.bench, "step", "--model", model] + common + args.our_flag, environment)
            peer_command = [sys.executable, os.path.join(here, "peer_pytorch.py"), "--model", model] + common + args.peer_flag
            peers = [last_json(peer_command, environment), last_json(peer_command + ["--channels-last"], environment)]
            if ours["parameters"] != peers[0]["parameters"]:
                sys.exit(f"not the same network: {ours['parameters']} parameters against {peers[0]['parameters']}")
            pairs.append((ours, peers))
        for key, label in [("train_step_ms", "training step"), ("inference_ms", "inference"), ("peak_memory_mb", "peak memory")]:
            ratios = sorted(min(peer[key] for peer in peers) / ours[key] for ours, peers in pairs)
            print(f"{model:8s} {label:14s} peer/ours {statistics.median(ratios):6.2f} "
                  f"[{ratios[0]:.2f}..{ratios[-1]:.2f}]   ours {statistics.median(o[key] for o, _ in pairs):9.2f}   "
                  f"peer {statistics.median(min(p[key] for p in ps) for _, ps in pairs):9.2f}")


if __name__ == "__main__":
    main()
