// One of everything that the counters know: multiplier, adder, block RAM, LUT RAM, registers.
`default_nettype none

module tiny (
    input  wire        aclk,
    input  wire        aresetn,
    input  wire [7:0]  a_i,
    input  wire [7:0]  b_i,
    output reg  [15:0] product_o,
    output reg  [7:0]  word_o
);
    reg  [7:0] big [0:1023];
    reg  [7:0] distributed [0:15];
    reg  [9:0] read_address_q;
    reg  [9:0] write_address_q;
    reg  [3:0] row_q;
    reg  [7:0] read_q;
    reg  [7:0] sum_q;

    always @(posedge aclk) begin
        product_o <= a_i * b_i;
        read_address_q  <= {a_i, b_i[1:0]};
        write_address_q <= {b_i, a_i[1:0]};
        row_q           <= b_i[3:0];
        if (a_i[0]) begin
            distributed[row_q] <= b_i;
        end
        if (b_i[7]) begin
            big[write_address_q] <= sum_q;
        end
        read_q <= big[read_address_q];
        word_o <= read_q ^ distributed[row_q];
        if (!aresetn) begin
            sum_q <= 8'd0;
        end else begin
            sum_q <= a_i + b_i;
        end
    end
endmodule

`default_nettype wire
