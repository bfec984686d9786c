"""Conversions of dtype and device, and what a tensor says about its memory."""

# ruff: noqa: E501

from __future__ import annotations

import pytest

from .agree import assert_agree, lines

pytestmark = pytest.mark.torch

SETUP = """
import numpy as np
"""

TABLE = """
torch.ones(2).type()
torch.ones(2).type('torch.DoubleTensor')
torch.ones(2).type(torch.LongTensor)
torch.ones(2).type('foo')
torch.ones(2).type(torch.int32)
torch.set_default_tensor_type('torch.FloatTensor')
torch.ones(2).to('foo')
torch.ones(2).to()
torch.ones(2).to(torch.ones(2,dtype=torch.int32))
torch.ones(2).to(dtype=torch.int32, copy=True)
torch.ones(2).to(device='cpu', dtype=torch.float16)
torch.ones(2).to('cpu', torch.float64)
torch.ones(2).to('cuda')
torch.ones(2).cuda()
torch.ones(2).to(None)
torch.ones(2).to("cpu", non_blocking=True)
torch.tensor([300.7,-1.5,float('nan')]).to(torch.uint8)
torch.tensor([300.7,-1.5,float('nan'),float('inf')]).to(torch.int32)
torch.tensor([1e20,-1e20,float('nan')]).to(torch.int64)
torch.tensor([300.7,-1.5,float('nan')]).to(torch.int8)
torch.tensor([1+2j]).to(torch.float32)
torch.tensor([1+2j]).float()
torch.tensor([1+0j,0j,1j]).bool()
torch.ones(2).int().float().half().bfloat16().double().char().byte().short().long().bool().cfloat().cdouble()
torch.ones(2,3).stride(), torch.ones(2,3).stride(0), torch.ones(2,3).stride(-1)
torch.ones(2,3).size(), torch.ones(2,3).size(0), torch.ones(2,3).size(-1), torch.ones(2,3).size(dim=1)
torch.ones(2,3).size(2)
torch.ones(2,3).stride(2)
torch.ones(2,3).dim(), torch.ones(2,3).ndimension(), torch.ones(2,3).nelement(), torch.ones(2,3).numel(), torch.numel(torch.ones(2,3))
torch.ones(2,3).element_size(), torch.ones(2,3)[1].storage_offset(), torch.ones(2,3).is_contiguous(), torch.ones(2,3).t().is_contiguous()
torch.ones(2,3).is_floating_point(), torch.is_floating_point(torch.ones(2)), torch.is_complex(torch.ones(2)), torch.is_nonzero(torch.ones(1)), torch.ones(1).is_signed(), torch.ones(2).is_same_size(torch.ones(2))
torch.is_nonzero(torch.ones(2))
torch.is_nonzero(torch.ones(0))
torch.is_tensor(3), torch.is_tensor(torch.ones(2)), torch.is_storage(3)
torch.ones(2,3).is_set_to(torch.ones(2))
torch.ones(2).get_device()
torch.ones(2).is_pinned()
torch.ones(2).is_shared()
torch.ones(2).data_ptr() > 0
torch.ones(2).new_tensor(torch.ones(2))
torch.ones(2).new_zeros(2,dtype=torch.int32,requires_grad=True)
torch.ones(2).new_empty((2,3)).shape
torch.ones(2).new_empty_strided((2,3),(1,2)).stride()
torch.ones(2).resize_(3).shape
torch.ones(2).resize_as_(torch.ones(3)).shape
torch.ones(2,requires_grad=True).resize_(3)
torch.ones(2).set_(torch.ones(3)).shape
torch.ones(2).contiguous(memory_format=torch.channels_last)
torch.ones(1,2,3,4).contiguous(memory_format=torch.channels_last).stride()
torch.ones(2,3,4,5).to(memory_format=torch.channels_last).stride()
torch.ones(2,3,4,5).clone(memory_format=torch.channels_last).stride()
torch.get_default_device(), torch.get_default_dtype()
torch.set_default_device('cpu'), torch.set_default_device(None)
torch.get_num_threads() > 0
torch.is_inference(torch.ones(2)), torch.is_inference_mode_enabled()
torch.promote_types(torch.int32, torch.float32), torch.result_type(torch.ones(2,dtype=torch.int32), 2.5), torch.can_cast(torch.float32, torch.int32)
torch.result_type(1, 2.5)
torch.finfo(torch.float32)
torch.iinfo(torch.int8)
torch.float32.to_complex(), torch.complex64.to_real(), torch.float32.itemsize
torch.Size([2,3]).numel()
torch.Size(2)
torch.Size()
"""


@pytest.mark.parametrize("source", lines(TABLE))
def test_agrees(source):
    assert_agree(source, SETUP)
