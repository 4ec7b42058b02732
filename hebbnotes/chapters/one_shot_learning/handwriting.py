"""More drawings than there are: what is drawn twice is never quite the same."""

import torch
from torch import Tensor, nn

from hebbnotes import _checks

__all__ = ["jitter"]


def jitter(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Turn, stretch, shear and shift each picture a little.

    By up to 10 degrees, 10 %, 0.15, and a fifteenth of its size, uniformly.

    Parameters
    ----------
    pictures : Tensor (M, size, size), on the generator's device; outside is paper, 0
    generator : torch.Generator
    """
    _checks.floating("pictures", _checks.tensor("pictures", pictures, "M rows columns", {}))
    _checks.finite("pictures", pictures)
    _checks.generator(generator, pictures.device)
    if pictures.shape[1] != pictures.shape[2]:
        raise ValueError(
            "pictures must be square, or a turn would stretch them, "
            f"got shape {tuple(pictures.shape)}"
        )
    device = pictures.device
    # of a turn, in radians, a stretch, a shear, and two shifts, where 2 is the size of a picture
    amounts = torch.tensor([0.175, 0.1, 0.15, 2 / 15, 2 / 15], device=device)
    draws = 2 * torch.rand(5, len(pictures), generator=generator, device=device) - 1
    turn, stretch, shear, right, down = (draws * amounts[:, None]).unbind()
    size, cosine, sine = 1 + stretch, turn.cos(), turn.sin()
    first = torch.stack([size * cosine, shear - size * sine, right], -1)
    second = torch.stack([size * sine, size * cosine, down], -1)
    moves = torch.stack([first, second], 1).to(pictures.dtype)
    shape = [len(pictures), 1, *pictures.shape[1:]]
    grid = nn.functional.affine_grid(moves, shape, align_corners=False)
    return nn.functional.grid_sample(pictures.unsqueeze(1), grid, align_corners=False).squeeze(1)
